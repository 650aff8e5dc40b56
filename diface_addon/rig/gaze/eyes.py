"""Where the eyes of a character are at rest, and how far its channels turn them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt

from ...core import eye_response
from ..mapping.bone_group import BoneGroup
from ..mapping.face_target import FaceTarget
from ..property_address import id_type, property_name
from ..shape_displacement import positions
from ..shifted_bones.bone_shift import BoneShift
from ..stored_bones import BoneAxes
from . import eyeball_fit

FloatArray = npt.NDArray[np.float64]
ToHead = Callable[[bpy.types.Object], FloatArray]
"""Returns the matrix (4, 4) from the coordinates of an object at rest to those of the head."""
BEHIND_LIDS = 0.2
"""How far the centre of an eyeball is behind its lids, in distances between the eyes: 12 of 63 mm."""
KEPT = 16
_fits: dict[tuple, eyeball_fit.EyeballFit | None] = {}
"""Kept fits, which take some milliseconds each, by the mesh and its shapes."""


@dataclass(frozen=True)
class Eye:
    """An eye in the coordinates of the head at rest: `centre` (3,), and how channels turn it; None: not at all."""

    centre: FloatArray
    response: eye_response.EyeResponse | None


@dataclass(frozen=True)
class EyeRig:
    """What can turn eyes.

    Attributes:
        targets: The shape keys of single channels.
        groups: The bones that channels turn or shift.
        meshes: Mesh objects by the kind of their shape keys.
        joints: Side -> armature and name of the eye bone, if there are eye bones.
    """

    targets: Sequence[FaceTarget]
    groups: Sequence[BoneGroup | BoneShift]
    meshes: Mapping[str, bpy.types.Object]
    joints: Mapping[str, tuple[bpy.types.Object, str]]


def find_eyes(rig: EyeRig, to_head: ToHead) -> tuple[Eye, Eye] | None:
    """Return the left and the right eye; None for a face without eyes."""
    left, right = (_find_eye(rig, side, to_head) for side in eye_response.SIDES)
    if left is not None and right is not None:
        return left, right
    lids = [place for side in eye_response.SIDES if (place := _lids(rig, side, to_head)) is not None]
    if len(lids) < len(eye_response.SIDES):
        return None
    back = np.array([0.0, BEHIND_LIDS * float(np.linalg.norm(lids[0] - lids[1])), 0.0])
    return left or Eye(lids[0] + back, None), right or Eye(lids[1] + back, None)


def _find_eye(rig: EyeRig, side: str, to_head: ToHead) -> Eye | None:
    """Return an eye with a bone, or of which shape keys turn the eyeball."""
    channel = f"eyeLookOut{side}"
    group = next((group for group in rig.groups if channel in group.channels), None)
    joint, centre = rig.joints.get(side), None
    if group is not None and joint is None and isinstance(group, BoneGroup):
        joint = group.armature, group.bone
    if joint is not None:
        armature, bone = joint
        centre = (to_head(armature) @ np.append(np.array(armature.data.bones[bone].head_local), 1.0))[:3]
    if group is not None and centre is not None:
        return Eye(centre, _response_of_bone(side, group.axes, isinstance(group, BoneShift)))
    for kind, mesh in rig.meshes.items():
        fit = _fit(mesh, [target for target in rig.targets if target.address[0] == kind], side)
        if fit is not None:
            matrix = to_head(mesh)
            degrees = tuple(_degrees(fit.turns[way]) if way in fit.turns else 0.0 for way in eye_response.WAYS)
            response = eye_response.EyeResponse(side, degrees, "SHAPE")
            return Eye(matrix[:3, :3] @ fit.centre + matrix[:3, 3], response)
    return None if centre is None else Eye(centre, None)


def _response_of_bone(side: str, axes: BoneAxes, is_shifted: bool) -> eye_response.EyeResponse:
    if is_shifted:
        return eye_response.EyeResponse(side, kind="TARGET")
    names = eye_response.EyeResponse(side).names
    angles = [np.degrees(np.linalg.norm(axes[name])) if name in axes else 0.0 for name in names]
    return eye_response.EyeResponse(side, tuple(map(float, angles)), "BONE")


def _fit(mesh: bpy.types.Object, targets: Sequence[FaceTarget], side: str) -> eyeball_fit.EyeballFit | None:
    """Return the eyeball that the shape keys of a mesh turn."""
    keys, gains = mesh.data.shape_keys, {}
    for target in targets:
        name = property_name(target.address)
        for channel, gain in target.gains:
            if channel.startswith("eyeLook") and channel.endswith(side) and name in keys.key_blocks:
                gains[channel[7 : -len(side)], name] = gain
    if not any(way in eyeball_fit.SIDEWAYS for way, _name in gains):
        return None
    first = positions(keys.key_blocks[min(name for _way, name in gains)])
    known = (mesh.data.session_uid, side, zlib.crc32(first.tobytes()), *sorted(gains.items()))
    if known not in _fits:
        while len(_fits) >= KEPT:
            del _fits[next(iter(_fits))]
        moved: dict[str, FloatArray] = {}
        for (way, name), gain in gains.items():
            key = keys.key_blocks[name]
            offsets = gain * (positions(key).astype(np.float64) - positions(key.relative_key))
            moved[way] = moved[way] + offsets if way in moved else offsets
        edges = np.empty(2 * len(mesh.data.edges), np.int32)
        mesh.data.edges.foreach_get("vertices", edges)
        rest = positions(keys.reference_key).astype(np.float64)
        _fits[known] = eyeball_fit.fit_eyeball(rest, moved, edges.reshape(-1, 2))
    return _fits[known]


def _lids(rig: EyeRig, side: str, to_head: ToHead) -> FloatArray | None:
    """Return the middle (3,) of the lids of one eye; None without a shape that shuts them."""
    for target in rig.targets:
        kind = target.address[0]
        mesh = rig.meshes.get(kind) if id_type(kind) == "KEY" else None
        if mesh is None or target.channels != (f"eyeBlink{side}",):
            continue
        key = mesh.data.shape_keys.key_blocks.get(property_name(target.address))
        if key is None:
            continue
        sizes = np.linalg.norm(positions(key) - positions(key.relative_key), axis=1)
        if sizes.any():
            matrix, middle = to_head(mesh), sizes @ positions(key.relative_key) / sizes.sum()
            return matrix[:3, :3] @ middle + matrix[:3, 3]
    return None


def _degrees(turn: FloatArray) -> float:
    """Return the angle by which a rotation (3, 3) turns, in degrees."""
    return round(float(np.degrees(np.arccos(np.clip((np.trace(turn) - 1.0) / 2.0, -1.0, 1.0)))), 3)
