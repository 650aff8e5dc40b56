"""Operators on takes."""

from . import (
    bake_take,
    compare_take,
    convert_take,
    delete_take,
    duplicate_take,
    favourite_take,
    pack_cache,
    push_down_take,
    set_keys,
    splice_take,
    use_take,
)

MODULES = (
    bake_take,
    compare_take,
    convert_take,
    delete_take,
    duplicate_take,
    favourite_take,
    pack_cache,
    push_down_take,
    set_keys,
    splice_take,
    use_take,
)
"""Each registers its operators."""
