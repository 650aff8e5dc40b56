"""Operators on styles."""

from . import export_style, load_style, personalise

MODULES = (export_style, load_style, personalise)
"""Each registers its operators."""
