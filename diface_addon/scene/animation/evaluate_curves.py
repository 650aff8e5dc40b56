"""Samples the active animation of a character as a Motion, from takes and from any other Action."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Quaternion

from ...core import channels, placement, types
from ...rig import bones, rotation_values
from ...rig.head_target import head_target
from ...rig.mapping import custom_property
from ...rig.mapping.bone_group import VECTOR
from ...rig.mapping.linear_system import connected
from ...rig.property_address import PropertyAddress, id_type
from ..characters import flame_mesh
from ..keys import frame_rate, nla
from ..keys.key_table import nearest, read_column
from ..provenance import baseline, rest_pose, stored_request
from . import active_curves


def sample_motion(
    obj: bpy.types.Object,
    first_frame: float,
    rows: int,
    names: tuple[str, ...],
    placed: placement.Placement | None = None,
) -> types.Motion:
    """Return the active animation of `obj` at the scene's frame rate.

    A face channel is the curve of its shape key, its current value without a curve, and 0 without such a shape key. The
    head is the object's rotation relative to rest.

    Args:
        obj: The character.
        first_frame: Frame of the first row, which may be between frames.
        rows: Number of rows.
        names: The channels.
        placed: Placement of a FLAME mesh if it is known better than from its vertices.
    """
    active, frames = active_curves.find_active_curves(obj), first_frame + np.arange(rows, dtype=np.float64)
    values = np.zeros((rows, len(names)), np.float32)
    sampled: set[str] = set()
    for channel, of_channel in _sample_systems(obj, set(names), frames, active).items():
        values[:, names.index(channel)] = of_channel
        sampled.add(channel)
    for group in active_curves.mapping(obj).groups:
        wanted = group.channels & set(names) - sampled
        columns = group.columns(sample_group(obj, group, frames, active)) if wanted else {}
        for channel in wanted:
            values[:, names.index(channel)] = columns[channel]
        sampled |= wanted
    if set(channels.HEAD) & set(names):
        turns = head_vectors(obj, sample_rotation(obj, frames, active), placed)
        for axis, name in enumerate(channels.HEAD):
            if name in names:
                values[:, names.index(name)] = turns[:, axis]
    return types.Motion(values, names, frame_rate.scene_rate(bpy.context.scene))


def _sample_systems(
    obj: bpy.types.Object,
    names: set[str],
    frames: npt.NDArray,
    active: dict[PropertyAddress, active_curves.ActiveCurve],
) -> dict[str, npt.NDArray[np.float64]]:
    """Return the columns of those channels `names` that properties and bones are sums of."""
    turned = [group for group in bones.bone_groups(obj) if not group.turns_head]
    groups = {f"{VECTOR} {group.kind}{group.path}": group for group in turned}
    targets = [*active_curves.face_targets(obj), *(target for group in turned for target in group.components())]
    vectors: dict[str, npt.NDArray[np.float64]] = {}
    found: dict[str, npt.NDArray[np.float64]] = {}
    for system in connected(targets):
        if not names & set(system.channels):
            continue
        columns = []
        for target in system.targets:
            kind, path, index = target.address
            if not kind.startswith(VECTOR):
                columns.append(sample_property(obj, target.address, active.get(target.address), frames))
                continue
            if kind + path not in vectors:
                group = groups[kind + path]
                vectors[kind + path] = group.vectors(sample_group(obj, group, frames, active))
            columns.append(vectors[kind + path][:, index])
        solved = system.columns(np.stack(columns, axis=1))
        found |= {name: column for name, column in solved.items() if name in names}
    return found


def sample_group(
    obj: bpy.types.Object,
    group: active_curves.Group,
    frames: npt.NDArray,
    active: dict[PropertyAddress, active_curves.ActiveCurve],
) -> npt.NDArray[np.float32]:
    """Return the values (T, K) of the properties of a group at `frames` (T,)."""
    return sample_properties(obj, group.addresses, frames, active)


def sample_properties(
    obj: bpy.types.Object,
    addresses: Sequence[PropertyAddress],
    frames: npt.NDArray,
    active: dict[PropertyAddress, active_curves.ActiveCurve],
) -> npt.NDArray[np.float32]:
    """Return the values (T, A) of properties at `frames` (T,)."""
    return np.stack([sample_property(obj, address, active.get(address), frames) for address in addresses], axis=1)


def generated_values(
    addresses: Sequence[PropertyAddress],
    active: dict[PropertyAddress, active_curves.ActiveCurve],
    frames: npt.NDArray,
    values: npt.NDArray[np.float32],
) -> npt.NDArray[np.float32]:
    """Return properties as they were generated, (N, A) at `frames` (N,).

    Args:
        addresses: A properties.
        active: The active curves.
        frames: Frames of the scene.
        values: (N, A) the current values, which those that were not generated keep.
    """
    values = values.copy()
    for column, address in enumerate(addresses):
        curve = active.get(address)
        if curve is not None and stored_request.read_request(curve.action):
            points = baseline.read_baseline_keys(curve.action).get(address)
            if points is not None and len(points):
                times = [curve.to_curve_time(frame) for frame in frames]
                values[:, column] = np.interp(times, points[:, 0], points[:, 1])
    return values


def sample_rotation(
    obj: bpy.types.Object, frames: npt.NDArray, active: dict[PropertyAddress, active_curves.ActiveCurve]
) -> npt.NDArray[np.float32]:
    """Return the head's rotation (T, 3 or 4) at `frames` (T,), in its rotation mode."""
    addresses = head_target(obj).addresses
    return np.stack([sample_property(obj, address, active.get(address), frames) for address in addresses], axis=1)


def head_vectors(
    obj: bpy.types.Object,
    values: npt.NDArray,
    placed: placement.Placement | None = None,
    rest: Quaternion | None = None,
) -> npt.NDArray[np.float64]:
    """Return values (T, 3 or 4) of the head's rotation as rotation vectors (T, 3), in radians.

    `placed` and `rest` (`reference_rotation`) are found if they are not given.
    """
    target, rest = head_target(obj), rest or reference_rotation(obj)
    vectors = rotation_values.rotation_vectors(values, target.rotation_mode, rest) / target.share
    placed = placed or find_placement(obj)
    return to_head_axes(vectors, placed) if placed else vectors


def to_mesh_axes(
    obj: bpy.types.Object, vectors: npt.NDArray, placed: placement.Placement | None = None
) -> npt.NDArray[np.float64]:
    """Return the rotation vectors (T, 3) of the head's object or bone about its local axes."""
    vectors = head_target(obj).share * np.asarray(vectors, np.float64)
    placed = placed or find_placement(obj)
    return placed.rotations_to_local(vectors) if placed else vectors


def find_placement(obj: bpy.types.Object) -> placement.Placement | None:
    """Return the axes and the pivot of a head: of a FLAME mesh estimated from its vertices, else as they are stored.

    None if the head rotates about the origin and the local axes of its object.
    """
    return flame_mesh.estimate_placement(obj, None) if flame_mesh.is_flame(obj) else head_target(obj).placed


def reference_rotation(obj: bpy.types.Object) -> Quaternion:
    """Return the rotation that head vectors are relative to: the take's rest rotation.

    In an Action of the user it is that of the first key, so that it does not depend on the current frame.
    """
    target = head_target(obj)
    rotation = set(target.addresses)
    curves = {address: curve for address, curve in active_curves.find_active_curves(obj).items() if address in rotation}
    requests = [stored_request.read_request(curve.action) for curve in curves.values()]
    if not curves or any(request and "rest_rotation" in request for request in requests):
        return rest_pose.rest_rotation(obj)
    first = min(curve.start + curve.scale * curve.fcurve.keyframe_points[0].co.x for curve in curves.values())
    values = sample_rotation(obj, np.array([first]), curves)
    return Quaternion(rotation_values.quaternions(values, target.rotation_mode)[0])


def to_head_axes(vectors: npt.NDArray, placed: placement.Placement) -> npt.NDArray[np.float64]:
    """Return rotation vectors (..., 3) about the mesh's axes as vectors about the axes of a head in Blender.

    The inverse of `Placement.rotations_to_local`.
    """
    return np.linalg.det(placed.rotation) * vectors @ placed.rotation.T @ placement.FROM_BLENDER


def sample_property(
    obj: bpy.types.Object,
    address: PropertyAddress,
    curve: active_curves.ActiveCurve | None,
    frames: npt.NDArray,
) -> npt.NDArray[np.float32]:
    """Return the values (T,) of a property at frames of the scene.

    They are those of its curve. Without a curve, or if the curve is in the NLA, they are the result of the NLA, or the
    current value if no strip animates the property.
    """
    if curve is not None and not curve.in_nla:
        return evaluate_fcurve(curve.fcurve, (frames - curve.start) / curve.scale)
    kind, path, index = address
    owner, strips = active_curves.data_block(obj, kind), active_curves.strips_animating(obj, address)
    if not strips:
        now: Any = owner.path_resolve(path)
        return np.full(len(frames), now[index] if hasattr(now, "__len__") else now, np.float32)
    values = np.full(len(frames), _nla_default(owner, kind, path, index), np.float32)
    for sample in nla.sample_strips(owner.animation_data, np.asarray(frames, np.float64)):
        if sample.strip in strips:
            played = evaluate_fcurve(strips[sample.strip], sample.times)
            values[sample.rows] = sample.blend(values[sample.rows], played)
    return values


def _nla_default(owner: bpy.types.ID, kind: str, path: str, index: int) -> float:
    """Return the NLA's value of a property that no strip animates at a frame. In 5.0 it is 1 for a shape key."""
    if id_type(kind) == "KEY":
        return bpy.types.ShapeKey.bl_rna.properties["value"].default
    if custom_property.is_custom(path):
        return custom_property.default(owner, path)
    posed, _dot, name = path.rpartition(".")
    holder = owner.path_resolve(posed) if posed else owner
    return holder.bl_rna.properties[name].default_array[index]


def visible_key_mask(
    obj: bpy.types.Object, address: PropertyAddress, curve: active_curves.ActiveCurve, points: npt.NDArray
) -> npt.NDArray[np.bool_]:
    """Return which keys (K, 2), time and value, of a curve are visible at their time.

    All are, but those on an NLA strip that has no influence there, or that another strip replaces.
    """
    if not curve.in_nla:
        return np.ones(len(points), bool)
    frames = curve.start + curve.scale * points[:, 0].astype(np.float64)
    return np.abs(sample_property(obj, address, curve, frames) - points[:, 1]) < 1e-4


def evaluate_fcurve(fcurve: bpy.types.FCurve, times: npt.NDArray) -> npt.NDArray[np.float32]:
    """Return a curve's values (T,) at `times`, also of a muted curve. At keys, they are exactly the keys' values."""
    points = read_column(fcurve, "co")
    near, _ = nearest(points[:, 0], times)
    values = points[near, 1]
    if any(not modifier.mute for modifier in fcurve.modifiers):
        between = np.ones(len(times), bool)
    else:
        between = points[near, 0] != times
    values[between] = [fcurve.evaluate(time) for time in times[between]]
    return values
