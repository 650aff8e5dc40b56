"""The Actions that animate a character."""

from __future__ import annotations

import bpy

from ... import compat
from ...rig import parts
from ...rig.head_target import HeadTarget, head_target
from ...rig.property_address import id_type


def active_actions(obj: bpy.types.Object) -> list[bpy.types.Action]:
    """Return the Actions that animate the character's faces and head, the main mesh's face first."""
    target = head_target(obj)
    actions = []
    for kind, block in animated_blocks(obj).items():
        animation = block.animation_data
        if animation and animation.action and (kind != target.kind or not target.bone or _turns(animation, target)):
            actions.append(animation.action)
    return list(dict.fromkeys(actions))


def animated_blocks(obj: bpy.types.Object) -> dict[str, bpy.types.ID]:
    """Return the data-blocks that takes of a character animate, by kind: shape keys, and what the head turns."""
    head = head_target(obj).kind
    return {kind: block for kind, block in parts.data_blocks(obj).items() if id_type(kind) == "KEY" or kind == head}


def _turns(animation: bpy.types.AnimData, target: HeadTarget) -> bool:
    """Return whether the active Action of an armature turns the head, as a take does, and not only the body."""
    channels = compat.active_channelbag(animation)
    return channels is not None and channels.fcurves.find(target.rotation_path, index=0) is not None
