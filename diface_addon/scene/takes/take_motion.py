"""The face motion in the Actions of a take, in channels, whether the take is active or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import bpy
import numpy as np
import numpy.typing as npt

from ... import compat
from ...core import channels, types
from ...rig import bones
from ...rig.mapping.bone_group import BoneGroup
from ...rig.mapping.linear_system import connected
from ...rig.property_address import PropertyAddress, id_type
from ...rig.shifted_bones.bone_shift import BoneShift
from ..animation import active_curves, evaluate_curves

TakeCurves = Mapping[PropertyAddress, bpy.types.FCurve]
"""Property -> its curve in a take."""


def face_curves(obj: bpy.types.Object, actions: Iterable[bpy.types.Action]) -> dict[PropertyAddress, bpy.types.FCurve]:
    """Return the curves of the face in the main Actions of a take, without muted ones."""
    known = {target.address for target in active_curves.face_targets(obj)}
    known |= {address for group in _face_groups(obj) for address in group.addresses}
    found: dict[PropertyAddress, bpy.types.FCurve] = {}
    for action in actions:
        for address, curve in compat.action_fcurves(action):
            if address in known and not curve.mute and len(curve.keyframe_points):
                found.setdefault(address, curve)
    return found


def face_columns(
    obj: bpy.types.Object, curves: TakeCurves, frames: npt.NDArray[np.float64]
) -> dict[str, types.Float32Array]:
    """Return the values (T,) of the channels of a face that the curves of a take move, without those of layers.

    Shape keys of one channel are read as they are, poses, lips and bones by the inverse of what solved them.

    Args:
        obj: The character.
        curves: The curves of a take.
        frames: (T,) frames of the scene.
    """
    columns = _of_systems(obj, curves, frames)
    for group in _face_groups(obj):
        is_bone = isinstance(group, BoneGroup | BoneShift)
        if not is_bone and any(address in curves for address in group.addresses):
            values = [_property_values(obj, address, curves, frames) for address in group.addresses]
            for channel, of_channel in group.columns(np.stack(values, axis=1)).items():
                columns.setdefault(channel, np.asarray(of_channel, np.float32))
    return {name: column for name, column in columns.items() if name in _SPEECH}


def _of_systems(
    obj: bpy.types.Object, curves: TakeCurves, frames: npt.NDArray[np.float64]
) -> dict[str, types.Float32Array]:
    """Return the columns of the channels that properties and bones are sums of; a bone counts if it has all values."""
    targets = [target for target in active_curves.face_targets(obj) if target.address in curves]
    values = {target.address: _property_values(obj, target.address, curves, frames) for target in targets}
    for group in bones.bone_groups(obj):
        if not group.turns_head and all(address in curves for address in group.addresses):
            of_bone = [_property_values(obj, address, curves, frames) for address in group.addresses]
            vectors = group.vectors(np.stack(of_bone, axis=1)).astype(np.float32)
            for component in group.components():
                targets.append(component)
                values[component.address] = vectors[:, component.address[2]]
    columns: dict[str, types.Float32Array] = {}
    for system in connected(targets):
        solved = system.columns(np.stack([values[target.address] for target in system.targets], axis=1))
        columns |= {channel: np.asarray(column, np.float32) for channel, column in solved.items()}
    return columns


_SPEECH = frozenset(channels.FACE) - channels.LAYER_CHANNELS


def reaching(obj: bpy.types.Object, channel: str) -> set[PropertyAddress]:
    """Return the properties that a channel moves."""
    found = {target.address for target in active_curves.face_targets(obj) if channel in target.channels}
    return found.union(*(group.addresses for group in _face_groups(obj) if channel in group.channels))


def _face_groups(obj: bpy.types.Object) -> list[active_curves.Group]:
    return [group for group in active_curves.groups(obj) if not group.channels <= set(channels.HEAD)]


def _property_values(
    obj: bpy.types.Object, address: PropertyAddress, curves: TakeCurves, frames: npt.NDArray[np.float64]
) -> npt.NDArray[np.float32]:
    if address not in curves:
        return np.zeros(len(frames), np.float32)
    return _within_slider(obj, address, evaluate_curves.evaluate_fcurve(curves[address], frames))


def _within_slider(
    obj: bpy.types.Object, address: PropertyAddress, values: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Return values of a shape key as its slider lets them be; others as they are."""
    kind, path, _index = address
    if id_type(kind) != "KEY":
        return values
    key = active_curves.data_block(obj, kind).path_resolve(path.removesuffix(".value"))
    return np.clip(values, key.slider_min, key.slider_max)
