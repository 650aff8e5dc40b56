"""Panels of a dialogue."""
