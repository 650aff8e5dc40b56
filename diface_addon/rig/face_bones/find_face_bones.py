"""The bones that can be shifted to move lips, brows, cheeks and nose, and where the mouth is by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import bpy
import numpy as np
import numpy.typing as npt

from ..discovery.movers import Movers
from ..discovery.scene_index import constraint_targets
from ..discovery.skin import Skin
from ..rest_places import joint
from .face_bone_names import LIPS, Part, read_face_bone

FloatArray = npt.NDArray[np.float64]
FREE = frozenset({
    "COPY_LOCATION", "COPY_ROTATION", "COPY_SCALE", "LIMIT_LOCATION", "LIMIT_ROTATION", "LIMIT_SCALE", "LIMIT_DISTANCE"
})  # fmt: skip
"""Constraints that leave the location of a bone to be posed, if the location that they copy is added."""
LEAST_LIPS = 3
"""Bones of lips from which an armature moves a mouth."""


def has_face_bones(armature: bpy.types.Object) -> bool:
    """Return whether the names of an armature's bones say that it moves a mouth: lips, of both or with corners."""
    return sum(read_face_bone(bone.name) in LIPS for bone in armature.data.bones) >= LEAST_LIPS


def moved_by_face_bones(armature: bpy.types.Object) -> frozenset[str]:
    """Return the bones that move with bones of lips, brows, cheeks and nose; empty for an armature without a mouth."""
    if not has_face_bones(armature):
        return frozenset()
    movers = Movers(armature)
    named = [pose.name for pose in armature.pose.bones if read_face_bone(pose.name) and _is_free(pose)]
    return frozenset().union(*map(movers.reach_of_shift, named))


def find_face_bones(armature: bpy.types.Object, movers: Movers, skins: Sequence[Skin]) -> dict[str, Part]:
    """Return the bones of a face that can be shifted: name -> part of the face.

    Of bones in one place of which one follows the other, only the leader is taken.

    Args:
        armature: The armature.
        movers: What follows each bone.
        skins: The skins of the character's meshes.
    """
    deforming = frozenset(bone for skin in skins for bone in skin.bones)
    named = {pose.name: part for pose in armature.pose.bones if (part := read_face_bone(pose.name)) and _is_free(pose)}
    able = {name: part for name, part in named.items() if movers.reach_of_shift(name) & deforming}
    return {name: part for name, part in able.items() if not _follows(armature, name, able)}


def mouth_between(armature: bpy.types.Object, face: Mapping[str, Part]) -> tuple[FloatArray, float] | None:
    """Return the point (3,) between the corners of the mouth, and its width, in the world; None without its bones."""
    for parts in ({"corner"}, LIPS - {"corner"}):
        found = np.array([joint(armature, name) for name, part in face.items() if part in parts])
        if len(found) >= 2:
            apart = np.linalg.norm(found[:, None] - found[None], axis=2)
            first, second = np.unravel_index(int(apart.argmax()), apart.shape)
            return (found[first] + found[second]) / 2, float(apart.max())
    return None


def _is_free(pose: bpy.types.PoseBone) -> bool:
    """Return whether the location of a bone can be set, and is not that of another bone."""
    if (pose.parent and pose.bone.use_connect) or any(pose.lock_location):
        return False
    return all(constraint.mute or _leaves_location(pose, constraint) for constraint in pose.constraints)


def _leaves_location(pose: bpy.types.PoseBone, constraint: bpy.types.Constraint) -> bool:
    if constraint.type not in FREE:
        return False
    if constraint.type != "COPY_LOCATION":
        return True
    ancestors = {parent.name for parent in pose.parent_recursive}
    follows_ancestor = any(bone in ancestors for _target, bone in constraint_targets(constraint))
    return bool(constraint.use_offset) and not follows_ancestor


def _follows(armature: bpy.types.Object, bone: str, others: Mapping[str, Part]) -> bool:
    """Return whether an ancestor of a bone is one of the others, in the same place."""
    place = armature.data.bones[bone].head_local
    parents = armature.data.bones[bone].parent_recursive
    near = 0.05 * armature.data.bones[bone].length
    return any(parent.name in others and (parent.head_local - place).length <= near for parent in parents)
