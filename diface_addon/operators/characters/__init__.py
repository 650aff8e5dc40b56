"""Operators that add characters and shape keys."""

from . import add_arkit_keys, add_flame_head, add_head, make_override

MODULES = (add_arkit_keys, add_flame_head, add_head, make_override)
"""Each registers its operators."""
