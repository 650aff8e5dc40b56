"""The Actions that animate a character."""

from __future__ import annotations

import bpy


def active_actions(obj: bpy.types.Object) -> list[bpy.types.Action]:
    """Return the Actions that animate the character's face and head: two, one, or none."""
    keys = obj.data.shape_keys if obj.type == "MESH" else None
    blocks = [block for block in (keys, obj) if block and block.animation_data]
    return list(dict.fromkeys(block.animation_data.action for block in blocks if block.animation_data.action))
