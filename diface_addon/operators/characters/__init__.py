"""Operators that add characters and shape keys."""

from . import add_arkit_keys, add_flame_head, add_head, make_override, place_landmarks

MODULES = (add_arkit_keys, add_flame_head, add_head, make_override, place_landmarks)
"""Each registers its operators."""
