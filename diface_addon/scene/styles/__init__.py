"""Styles: trained ones, and personal ones that are packed into the .blend."""
