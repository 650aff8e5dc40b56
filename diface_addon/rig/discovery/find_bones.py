"""The bones of a head: by their names, and by what they move."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt

from ..character import Bones
from ..rest_places import joint
from .bone_names import BoneName, Role, read_name
from .movers import Movers
from .skin import Skin

MOVES_FACE = 0.6
"""Share of the face's weight that follows a head bone."""
MOVES_FACE_ALONE = 0.75
"""The same for a bone whose name says nothing."""
MOVES_PART = 0.02
"""Largest share of any vertex that a bone must have to move a part at all."""
SHOULDER = 0.6
"""A bone further from the middle than this, in head sizes, does not belong to the neck."""
MAX_NECK = 4

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Rig:
    """An armature and what it moves.

    Attributes:
        armature: The armature.
        movers: What follows each bone.
        face: The skin of the face: of the vertices that shapes move.
        skins: The skins of all objects of the character.
        knows_face: Whether `face` is the face; if not, it is the whole mesh.
    """

    armature: bpy.types.Object
    movers: Movers
    face: Skin
    skins: Sequence[Skin]
    knows_face: bool = True

    def world(self, bone: str) -> FloatArray:
        """Return the head (3,) of a bone at rest, in world coordinates."""
        return joint(self.armature, bone)

    def face_share(self, bone: str) -> float:
        """Return the share of the face that moves with a bone."""
        return self.face.mean_share(self.movers.reach(bone))

    def moves_something(self, bone: str) -> bool:
        """Return whether any object of the character moves with a bone."""
        reach = self.movers.reach(bone)
        return any(len(skin.points) and skin.share(reach).max() > MOVES_PART for skin in self.skins)


def head_bone(rig: Rig) -> str:
    """Return the bone that turns the head; "" if no bone moves the face."""
    heads = [bone for bone, name in _named(rig, "head") if name.role == "head"]
    named = [bone for bone in heads if rig.face_share(bone) >= MOVES_FACE]
    if not named and not rig.knows_face:
        named = [bone for bone in heads if rig.moves_something(bone)]
    if named:
        return _topmost(rig, named)
    users = {bone for bone in rig.face.bones if rig.face.share([bone]).max(initial=0.0) > MOVES_PART}
    able = [bone for bone in rig.movers.all_leaders(users) if rig.face_share(bone) >= MOVES_FACE_ALONE]
    able = [bone for bone in able if bone in rig.armature.data.bones]
    return min(able, key=lambda bone: (len(rig.movers.reach(bone)), bone), default="")


def other_bones(rig: Rig, head: str, left: FloatArray, size: float) -> Bones:
    """Return the bones of a head whose head bone is known.

    Args:
        rig: The armature and what it moves.
        head: The head bone.
        left: (3,) the direction to the left of the head, of length 1.
        size: Height of the head.
    """
    middle = rig.world(head)
    eyes = {side: _eye(rig, head, side) for side in "LR"}
    tongues = sorted(
        (bone for bone, _name in _named(rig, "tongue") if _is_in_head(rig, head, bone) and rig.moves_something(bone)),
        key=lambda bone: (len(rig.armature.data.bones[bone].parent_recursive), bone),
    )
    return Bones(
        head,
        _neck(rig, head, middle, left, size),
        _single(rig, head, "jaw"),
        eyes["L"],
        eyes["R"],
        tuple(_chain(rig, tongues)),
    )


def _named(rig: Rig, role: Role) -> list[tuple[str, BoneName]]:
    found = ((bone.name, read_name(bone.name)) for bone in rig.armature.data.bones)
    return [(bone, name) for bone, name in found if name and name.role == role and bone not in rig.movers.aim_targets]


def _topmost(rig: Rig, bones: Sequence[str]) -> str:
    """Return the bone that moves most of the others: the control of a deform bone, the first of a chain."""

    def order(bone: str) -> tuple[int, int, int, str]:
        name = read_name(bone)
        moved = sum(1 for other in bones if other in rig.movers.reach(bone))
        return -moved, name.strangers if name else 9, name.number if name else 0, bone

    return min(bones, key=order)


def _is_in_head(rig: Rig, head: str, bone: str) -> bool:
    return bone != head and bone in rig.movers.reach(head)


def _single(rig: Rig, head: str, role: Role) -> str:
    able = [bone for bone, _name in _named(rig, role) if _is_in_head(rig, head, bone) and rig.moves_something(bone)]
    return _topmost(rig, able) if able else ""


def _eye(rig: Rig, head: str, side: str) -> str:
    found = [bone for bone, name in _named(rig, "eye") if name.side == side and _is_in_head(rig, head, bone)]
    able = [bone for bone in found if rig.moves_something(bone)]
    return _topmost(rig, able) if able else ""


def _chain(rig: Rig, bones: Iterable[str]) -> list[str]:
    """Return bones without those that only follow another of them by a constraint: deform bones of controls."""
    bones = list(bones)
    followers = {
        bone
        for bone in bones
        for other in bones
        if other != bone and bone in rig.movers.reach(other) and not _descends(rig, bone, other)
    }
    return [bone for bone in bones if bone not in followers]


def _descends(rig: Rig, bone: str, ancestor: str) -> bool:
    return any(parent.name == ancestor for parent in rig.armature.data.bones[bone].parent_recursive)


def _neck(rig: Rig, head: str, middle: FloatArray, left: FloatArray, size: float) -> tuple[str, ...]:
    """Return the bones that turn the head and the neck and nothing else, the lowest first."""
    named = [bone for bone, _name in _named(rig, "neck")]
    if named:
        candidates = [bone for bone in named if head in rig.movers.reach(bone)]
    else:
        parents = rig.armature.data.bones[head].parent_recursive
        candidates = [bone.name for bone in parents[:MAX_NECK] if bone.parent]
    able = [bone for bone in candidates if not _carries_shoulders(rig, bone, head, middle, left, size)]
    depth = {bone: len(rig.armature.data.bones[bone].parent_recursive) for bone in able}
    return tuple(sorted(_chain(rig, able), key=lambda bone: depth[bone]))[-MAX_NECK:]


def _carries_shoulders(rig: Rig, bone: str, head: str, middle: FloatArray, left: FloatArray, size: float) -> bool:
    """Return whether more than neck and head moves with a bone, as where clavicles are children of the neck bone."""
    others = rig.movers.reach(bone) - rig.movers.reach(head)
    limit = SHOULDER * size
    if size <= 0:
        return False
    return any(abs((rig.world(other) - middle) @ left) > limit for other in others) or bool(
        np.linalg.norm(rig.world(bone) - middle) > size
    )
