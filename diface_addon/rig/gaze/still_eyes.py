"""Eyeballs that are separate objects and that neither shape keys nor bones turn."""

from __future__ import annotations

import bpy

from ..character import Character
from ..discovery.bone_names import names_eyeballs
from ..shape_names import named_targets

AIMING = {"DAMPED_TRACK", "TRACK_TO", "LOCKED_TRACK", "COPY_ROTATION", "COPY_TRANSFORMS"}
"""Constraints by which an eye follows something else."""


def still_eyes(found: Character) -> list[bpy.types.Object]:
    """Return the objects on a head that are named as eyeballs and that nothing turns."""
    if found.bones.left_eye or found.bones.right_eye:
        return []
    parts = [obj for obj in (*found.faces[1:], *found.on_head) if obj.type == "MESH"]
    eyes = [obj for obj in parts if names_eyeballs(obj.name) or names_eyeballs(obj.data.name)]
    return [obj for obj in eyes if not _is_aimed(obj) and not _looks(obj)]


def _is_aimed(obj: bpy.types.Object) -> bool:
    return any(constraint.type in AIMING for constraint in obj.constraints)


def _looks(obj: bpy.types.Object) -> bool:
    """Return whether a mesh has a shape of gaze."""
    keys = obj.data.shape_keys
    if keys is None:
        return False
    names = [block.name for block in keys.key_blocks if block != keys.reference_key]
    return any(target.channel.startswith("eyeLook") for target in named_targets(names))
