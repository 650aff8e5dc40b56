"""Operators that direct the active takes without the models."""

from . import apply_articulation, change_gains, reset_directing

MODULES = (apply_articulation, change_gains, reset_directing)
"""Each registers its operators."""
