"""How far a blink moves the bones of the lids: until the edges of the lids meet, as measured on the meshes."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace

import bpy
import numpy as np
import numpy.typing as npt

from .. import stored_bones
from ..character import Character
from ..discovery.movers import Movers
from ..discovery.skin import Skin, read_skin
from ..mapping.bone_group import BoneGroup
from ..mapping.face_mapping import FaceMapping
from ..rest_places import joint, world_vertices
from ..shifted_bones.bone_shift import BoneShift
from ..stored_bones import BoneAxes
from . import lid_chains
from .lid_names import read_lid_name

UPPER_SHARE = 0.8
"""The part of the way that the upper lid goes where bones move both: the lower one rises little (Evinger, Manning and
Sibony 1991, Investigative Ophthalmology and Visual Science 32). Where the lower one squints, it does not blink."""
SQUINT = 0.377
"""The part of the opening of an eye by which the lower lid of the bundled head rises at eyeSquint 1."""
NEAR = 0.13
"""Distance from the joint of a lid, in heights of the head, up to which its vertices are looked at."""
MOVED = 0.5
"""A vertex is a lid's that its bones have at least this share of."""
ARM = 0.04
"""Distance of a lid's edge in front of the joint, in heights of the head, from which the bone is turned: the joint is
in the eyeball. Otherwise it lies in the lid, and is shifted."""
BESIDE, NARROW = 0.03, 0.015
"""Half the width of the field, in heights of the head, in which the edges are measured: of an eye, and of a bone."""
DEPTH = 0.04
"""How far behind the edge of the upper lid, in heights of the head, the edge of the lower one can be."""
LARGEST_GAP = 0.12
"""Largest opening of an eye, in heights of the head."""
DEGREES = (3.0, 60.0)
"""Limits of the angle of a lid."""
ADDED = frozenset({"COPY_LOCATION", "LIMIT_LOCATION", "LIMIT_ROTATION", "LIMIT_SCALE", "LIMIT_DISTANCE"})
"""Constraints that leave a bone to be posed, if the location that they copy is added."""
LEFT, BACK, UP = 0, 1, 2
"""Columns of the head's axes."""

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Lids:
    """Where blinks and squints move lid bones.

    Attributes:
        turned: Bone -> its channel, and the angle in radians about the head's axis to the left, downwards.
        moved: Bone -> its channel, and how the bone is to be shifted in the world.
        shifted: Bone -> the stored location of the bone, of an eye whose lids cannot be measured now.
        stored: Bone -> the stored axes that turn it, of such an eye.
    """

    turned: dict[str, tuple[str, float]]
    moved: dict[str, BoneAxes]
    shifted: dict[str, BoneAxes]
    stored: dict[str, BoneAxes]


@dataclass(frozen=True)
class _Eye:
    """The bones of the lids of one eye, and the points (N, 3) around it in the head's axes, with what moves them.

    Attributes:
        upper: Bones of the upper lid.
        lower: Bones of the lower lid.
        points: (N, 3) to the left, back and up.
        upper_share: (N,) the share of the upper lid's bones in each point.
        lower_share: (N,) that of the lower lid's bones.
        is_skin: (N,) bool, points that no bone of the eyeball moves.
        squints: Whether the lower lid squints, and the upper one blinks alone.
    """

    upper: list[str]
    lower: list[str]
    points: FloatArray
    upper_share: FloatArray
    lower_share: FloatArray
    is_skin: npt.NDArray[np.bool_]
    squints: bool = False

    @property
    def shares(self) -> tuple[float, float]:
        """How far down the opening the upper lid goes, and the lower one up to."""
        return (1.0, 1.0 - SQUINT) if self.squints else (UPPER_SHARE, UPPER_SHARE)


def find_lids(character: Character, mapping: FaceMapping) -> Lids:
    """Return the lid bones that a blink moves: of eyes that no shape key shuts.

    Lids that were measured before stay if they cannot be measured now, as when the face is away from its armature.

    Args:
        character: The character.
        mapping: Of its shape keys.
    """
    turned: dict[str, tuple[str, float]] = {}
    moved: dict[str, BoneAxes] = {}
    shifted: dict[str, BoneAxes] = {}
    stored: dict[str, BoneAxes] = {}
    armature = character.armature
    if armature is None or character.head_size <= 0:
        return Lids(turned, moved, shifted, stored)
    for side, bones in _candidates(character).items():
        if f"eyeBlink{side}" in mapping.channels:
            continue
        eye = replace(_eye(character, side, bones), squints=f"eyeSquint{side}" not in mapping.channels)
        along = _along_rims(character, eye)
        for bone in along or (*eye.upper, *eye.lower):
            move = along[bone] if along else _move(character, eye, bone)
            if isinstance(move, float):
                turned[bone] = _channel(eye, bone, side), move
            elif move is not None:
                moved[bone] = {_channel(eye, bone, side): move}
        if not bones.keys() & (turned.keys() | moved.keys()):
            for group in _stored_groups(character, bones, side):
                (shifted if isinstance(group, BoneShift) else stored)[group.bone] = group.axes
    return Lids(turned, moved, shifted, stored)


def _channel(eye: _Eye, bone: str, side: str) -> str:
    """Return the channel that moves a bone."""
    return f"eyeSquint{side}" if eye.squints and bone in eye.lower else f"eyeBlink{side}"


def _stored_groups(character: Character, bones: Collection[str], side: str) -> list[BoneGroup | BoneShift]:
    """Return those of the stored bones that a blink or a squint alone moves."""
    groups = stored_bones.groups(character.main)
    own = [group for group in groups if group.armature == character.armature and group.bone in bones]
    return [group for group in own if group.axes.keys() in ({f"eyeBlink{side}"}, {f"eyeSquint{side}"})]


def _candidates(character: Character) -> dict[str, dict[str, bool]]:
    """Return the lid bones of each side that can be posed, and whether each is of the upper lid.

    Bones that follow others are left out, and so are the lower bones of a chain: they move with its first.
    """
    armature = character.armature
    assert armature is not None
    found: dict[str, dict[str, bool]] = defaultdict(dict)
    for pose in armature.pose.bones:
        name = read_lid_name(pose.name)
        if name and all(map(_is_added_to, pose.constraints)):
            found[name.side][pose.name] = name.is_upper
    for of_side in found.values():
        for bone in list(of_side):
            parents = armature.data.bones[bone].parent_recursive
            if any(of_side.get(parent.name) == of_side[bone] for parent in parents):
                del of_side[bone]
    return found


def _is_added_to(constraint: bpy.types.Constraint) -> bool:
    """Return whether a bone with a constraint is moved by its pose too: Rigify's controls follow others a little."""
    return constraint.mute or (constraint.type in ADDED and bool(getattr(constraint, "use_offset", True)))


def _eye(character: Character, side: str, bones: dict[str, bool]) -> _Eye:
    """Return the lids of one eye, without bones that move nothing."""
    armature = character.armature
    assert armature is not None
    movers = Movers(armature)
    reach = {bone: _of_lid(movers.reach_of_shift(bone), is_upper) for bone, is_upper in bones.items()}
    of_upper, of_lower = (
        frozenset().union(*(reach[bone] for bone in bones if bones[bone] == is_upper)) for is_upper in (True, False)
    )
    eye_bone = character.bones.left_eye if side == "Left" else character.bones.right_eye
    of_eyeball = movers.reach(eye_bone) - of_upper - of_lower if eye_bone else frozenset()
    joints = np.mean([joint(armature, bone) for bone in bones], axis=0)
    objects = *character.faces, *character.on_head
    near = [_skin_near(obj, armature, joints, NEAR * character.head_size) for obj in objects]
    skins = [skin for skin in near if skin is not None and skin.share(of_upper | of_lower).max() >= MOVED]
    points = np.concatenate([np.zeros((0, 3)), *(skin.points @ character.facing for skin in skins)])

    def share(moving: frozenset[str]) -> FloatArray:
        return np.concatenate([np.zeros(0), *(skin.share(moving) for skin in skins)])

    able = [bone for bone in bones if (share(reach[bone]) > 0.1).any()]
    upper, lower = ([bone for bone in able if bones[bone] == is_upper] for is_upper in (True, False))
    return _Eye(upper, lower, points, share(of_upper), share(of_lower), share(of_eyeball) < MOVED)


def _along_rims(character: Character, eye: _Eye) -> dict[str, FloatArray]:
    """Return the ways (3,) in the world of bones that run along the rims of the lids; empty for other bones."""
    armature, size = character.armature, character.head_size
    assert armature is not None
    upper, lower = (
        {bone: joint(armature, bone) @ character.facing for bone in of_lid} for of_lid in (eye.upper, eye.lower)
    )
    ways = lid_chains.chain_ways(upper, lower, eye.shares)
    edges = _edges(eye, None, BESIDE * size, size) if ways else None
    if edges is None:
        return {}
    seen = eye.points[edges[0], UP] - eye.points[edges[1], UP]
    scale = float(np.clip(seen / max(lid_chains.opening(upper, lower), 1e-9), *lid_chains.SCALES))
    return {bone: scale * character.facing @ way for bone, way in ways.items()}


def _of_lid(bones: frozenset[str], is_upper: bool) -> frozenset[str]:
    """Return bones without those whose names say that they are the other lid's, which follows a little."""
    return frozenset(bone for bone in bones if (name := read_lid_name(bone)) is None or name.is_upper == is_upper)


def _skin_near(obj: bpy.types.Object, armature: bpy.types.Object, centre: FloatArray, radius: float) -> Skin | None:
    """Return the skin of the vertices of a mesh near a point; None without any."""
    if obj.type != "MESH":
        return None
    near = np.flatnonzero(np.linalg.norm(world_vertices(obj) - centre, axis=1) < radius)
    return read_skin(obj, armature, near) if len(near) else None


def _move(character: Character, eye: _Eye, bone: str) -> float | FloatArray | None:
    """Return the angle of a bone at a whole blink, or its way (3,) in the world; None if no edges of lids are found."""
    armature, size = character.armature, character.head_size
    assert armature is not None
    place = joint(armature, bone) @ character.facing
    is_upper = bone in eye.upper
    edges = _edges(eye, place[LEFT], NARROW * size, size) or _edges(eye, None, BESIDE * size, size)
    follows = eye.lower_share[edges[1]] if edges else 0.0
    if edges is None or (not is_upper and follows < MOVED):
        return None
    top, bottom = eye.points[list(edges)]
    goal = eye.shares[0 if is_upper else 1] if follows >= MOVED else 1.0
    meeting = top + goal * (bottom - top)
    meeting[BACK] = min(top[BACK], bottom[BACK])  # in front of the eyeball
    edge, share = (top, eye.upper_share[edges[0]]) if is_upper else (bottom, follows)
    arm = edge - place
    if -arm[BACK] < ARM * size:
        return np.asarray(character.facing[:, [BACK, UP]] @ (meeting - edge)[[BACK, UP]] / share, np.float64)
    angle = _angle(-arm[BACK], arm[UP], meeting[UP] - place[UP]) / share
    least, most = map(math.radians, DEGREES)
    return math.copysign(min(max(abs(angle), least), most), angle)


def _edges(eye: _Eye, beside: float | None, width: float, size: float) -> tuple[int, int] | None:
    """Return the number of the lowest point of the upper lid, and of the highest one below it that is skin.

    None without such points.

    Args:
        eye: The eye.
        beside: Where, to the left; None for the middle of the upper lid.
        width: Half the width of the field.
        size: Height of the head.
    """
    is_upper = eye.upper_share >= MOVED
    if not is_upper.any():
        return None
    aside, back, up = eye.points.T
    middle = float(np.median(aside[is_upper])) if beside is None else beside
    is_near = np.abs(aside - middle) <= width
    upper = np.flatnonzero(is_upper & is_near)
    if not len(upper):
        return None
    upper = upper[back[upper] <= back[upper].min() + DEPTH * size]
    top = int(upper[up[upper].argmin()])
    below = up[top] - up
    is_lower = eye.is_skin & ~is_upper & is_near & (below > 0) & (below < LARGEST_GAP * size)
    lower = np.flatnonzero(is_lower & (np.abs(back - back[top]) <= DEPTH * size))
    return (top, int(lower[up[lower].argmax()])) if len(lower) else None


def _angle(forward: float, up: float, wanted: float) -> float:
    """Return the angle, in radians downwards, that brings a point in front of a joint to a height above the joint."""
    reach = math.hypot(forward, up)
    return math.atan2(up, forward) - math.asin(min(max(wanted / reach, -1.0), 1.0))
