"""Operators that add characters and shape keys."""

from . import add_arkit_keys, add_flame_head, add_head

MODULES = (add_arkit_keys, add_flame_head, add_head)
"""Each registers its operators."""
