"""The Actions that animate a character."""

from __future__ import annotations

import bpy

from ... import compat
from ...rig import bones, parts
from ...rig.head_target import HeadTarget, head_target
from ...rig.property_address import id_type
from ..provenance import stored_request
from . import active_curves


def active_actions(obj: bpy.types.Object) -> list[bpy.types.Action]:
    """Return the Actions that animate the character's faces and head, the main mesh's face first."""
    target = head_target(obj)
    actions = []
    for kind, block in animated_blocks(obj).items():
        animation = block.animation_data
        is_body = id_type(kind) == "OBJECT" and block.type == "ARMATURE"
        if animation and animation.action and (not is_body or _is_of_head(animation, target)):
            actions.append(animation.action)
    return list(dict.fromkeys(actions))


def animated_blocks(obj: bpy.types.Object) -> dict[str, bpy.types.ID]:
    """Return the data-blocks that takes of a character animate, by kind: shape keys, and what turns."""
    turned = {
        head_target(obj).kind,
        *(group.kind for group in bones.bone_groups(obj)),
        *active_curves.mapping(obj).targets,
    }
    return {kind: block for kind, block in parts.data_blocks(obj).items() if id_type(kind) == "KEY" or kind in turned}


def _is_of_head(animation: bpy.types.AnimData, target: HeadTarget) -> bool:
    """Return whether the active Action of an armature is a take or turns the head, and not only the body."""
    if stored_request.is_take(animation.action):
        return True
    channels = compat.active_channelbag(animation)
    return channels is not None and channels.fcurves.find(target.rotation_path, index=0) is not None
