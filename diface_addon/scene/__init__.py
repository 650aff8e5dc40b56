"""Reads and writes .blend data."""
