"""Operators on the mapping of a character: rows, presets, and a test."""

from . import edit_rows, presets, test_row

MODULES = (edit_rows, test_row, presets)
"""Each registers its operators."""
