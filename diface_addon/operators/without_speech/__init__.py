"""Operators that generate takes of a character that says nothing."""

from . import idle, listen

MODULES = (idle, listen)
"""Each registers its operators."""
