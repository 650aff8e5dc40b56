"""What a character does now, as a Motion: from any Action, a take's or not."""

from __future__ import annotations

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Quaternion

from ...core import channels, placement, types
from ..characters import flame_mesh
from ..keys import frame_rate, head_pose, nla, rotation_values
from ..keys.key_table import nearest
from ..keys.property_address import PropertyAddress
from ..provenance import rest_pose, stored_request
from . import active_curves


def sample_motion(
    obj: bpy.types.Object,
    first_frame: float,
    rows: int,
    names: tuple[str, ...],
    placed: placement.Placement | None = None,
) -> types.Motion:
    """What animates `obj`, row r at frame `first_frame` + r, which may be between frames, at the scene's frame rate.

    A face channel is its shape key's curve, or its present value where there is none; 0 where there is no such shape
    key. The head is the object's rotation from its rest. placed: how a FLAME mesh lies, where that is known better than
    from its vertices.
    """
    found, frames = active_curves.find_active_curves(obj), first_frame + np.arange(rows, dtype=np.float64)
    values = np.zeros((rows, len(names)), np.float32)
    for channel, address in active_curves.addresses_by_channel(obj).items():
        if channel in names:
            values[:, names.index(channel)] = sample_property(obj, address, found.get(address), frames)
    if set(channels.HEAD) & set(names):
        turns = head_vectors(obj, sample_rotation(obj, frames, found), placed)
        for axis, name in enumerate(channels.HEAD):
            if name in names:
                values[:, names.index(name)] = turns[:, axis]
    return types.Motion(values, names, frame_rate.scene_rate(bpy.context.scene))


def sample_rotation(
    obj: bpy.types.Object, frames: npt.NDArray, active: dict[PropertyAddress, active_curves.ActiveCurve]
) -> npt.NDArray[np.float32]:
    """The numbers (T, 3 or 4) of the object's rotation at `frames` (T,), in its rotation mode."""
    path = head_pose.rotation_path(obj.rotation_mode)
    addresses = [("OBJECT", path, index) for index in range(len(getattr(obj, path)))]
    return np.stack([sample_property(obj, address, active.get(address), frames) for address in addresses], axis=1)


def head_vectors(
    obj: bpy.types.Object, values: npt.NDArray, placed: placement.Placement | None = None
) -> npt.NDArray[np.float64]:
    """The numbers (T, 3 or 4) of the object's rotation as the head's rotation vectors (T, 3)."""
    turns, placed = (
        rotation_values.rotation_vectors(values, obj.rotation_mode, reference_rotation(obj)),
        placed or find_placement(obj),
    )
    return to_head_axes(turns, placed) if placed else turns


def to_mesh_axes(
    obj: bpy.types.Object, vectors: npt.NDArray, placed: placement.Placement | None = None
) -> npt.NDArray[np.float64]:
    """The head's rotation vectors (T, 3) about the mesh's own axes."""
    placed = placed or find_placement(obj)
    return placed.rotations_to_local(vectors) if placed else np.asarray(vectors, np.float64)


def find_placement(obj: bpy.types.Object) -> placement.Placement | None:
    """How a FLAME mesh lies, as its vertices tell; None for another mesh."""
    return flame_mesh.estimate_placement(obj, None) if flame_mesh.is_flame(obj) else None


def reference_rotation(obj: bpy.types.Object) -> Quaternion:
    """The rotation that head vectors are against: the take's; in an Action that DiFACE never made that of its first
    key, so that it is the same wherever the playhead stands."""
    found = {
        address: curve for address, curve in active_curves.find_active_curves(obj).items() if address[0] == "OBJECT"
    }
    requests = [stored_request.read_request(curve.action) for curve in found.values()]
    if not found or any(request and "rest_rotation" in request for request in requests):
        return rest_pose.rest_rotation(obj)
    first = min(curve.start + curve.scale * curve.fcurve.keyframe_points[0].co.x for curve in found.values())
    return Quaternion(rotation_values.quaternions(sample_rotation(obj, np.array([first]), found), obj.rotation_mode)[0])


def to_head_axes(vectors: npt.NDArray, placed: placement.Placement) -> npt.NDArray[np.float64]:
    """`Placement.turns` undone: rotation vectors (..., 3) about the mesh's axes, about those of a head as Blender's."""
    return np.linalg.det(placed.rotation) * vectors @ placed.rotation.T @ placement.FROM_BLENDER


def sample_property(
    obj: bpy.types.Object,
    address: PropertyAddress,
    curve: active_curves.ActiveCurve | None,
    frames: npt.NDArray,
) -> npt.NDArray[np.float32]:
    """A curve's values (T,) at frames of the scene; without one, or of one in the NLA, what the NLA shows of the
    property, and where no strip moves it, its present value."""
    if curve is not None and not curve.in_nla:
        return evaluate_fcurve(curve.fcurve, (frames - curve.start) / curve.scale)
    kind, path, index = address
    owner, strips = active_curves.data_block(obj, kind), active_curves.strips_animating(obj, address)
    if not strips:
        now = owner.path_resolve(path)
        return np.full(len(frames), now[index] if hasattr(now, "__len__") else now, np.float32)
    values = np.full(len(frames), _nla_default(owner, kind, path, index), np.float32)
    for turn in nla.sample_strips(owner.animation_data, np.asarray(frames, np.float64)):
        if turn.strip in strips:
            values[turn.rows] = turn.blend(values[turn.rows], evaluate_fcurve(strips[turn.strip], turn.times))
    return values


def _nla_default(owner: bpy.types.ID, kind: str, path: str, index: int) -> float:
    """Where the NLA has a property that no strip moves just then: on 5.0 a shape key is at 1 there."""
    if kind == "KEY":
        return bpy.types.ShapeKey.bl_rna.properties["value"].default
    return owner.bl_rna.properties[path].default_array[index]


def visible_key_mask(
    obj: bpy.types.Object, address: PropertyAddress, curve: active_curves.ActiveCurve, points: npt.NDArray
) -> npt.NDArray[np.bool_]:
    """Which keys (K, 2), time and value, of a curve are what shows at their time: all, but on a strip of the NLA those
    that its turn, and what lies over it, lets through."""
    if not curve.in_nla:
        return np.ones(len(points), bool)
    frames = curve.start + curve.scale * points[:, 0].astype(np.float64)
    return np.abs(sample_property(obj, address, curve, frames) - points[:, 1]) < 1e-4


def evaluate_fcurve(fcurve: bpy.types.FCurve, times: npt.NDArray) -> npt.NDArray[np.float32]:
    """A curve's values (T,) at `times`, whether it is muted or not; where there are keys, exactly theirs."""
    keys = fcurve.keyframe_points
    points = np.empty((len(keys), 2), np.float32)
    keys.foreach_get("co", points.ravel())
    near, _ = nearest(points[:, 0], times)
    values = points[near, 1]
    if any(not modifier.mute for modifier in fcurve.modifiers):
        between = np.ones(len(times), bool)
    else:
        between = points[near, 0] != times
    values[between] = [fcurve.evaluate(time) for time in times[between]]
    return values
