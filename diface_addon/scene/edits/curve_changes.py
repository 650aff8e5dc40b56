"""What an edit means for each F-curve: a Motion and pins as the curves' own values, bent so that they meet."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import bpy
import numpy as np
import numpy.typing as npt

from ...core import channels, placement, types, warp
from ..animation import active_curves, sampling
from ..animation.active_curves import ActiveCurve, PropertyAddress
from ..keys import head_pose, rotation_values
from ..pins.pin import Pin, group_by_curve
from ..provenance import baseline, layer_tracks
from .rewrite_keys import CurveChange, evaluate_without_modifiers


@dataclass(frozen=True)
class MotionEdit:
    """What shall be written: `motion`, row r at frame `first_frame` + r, where `made` (T, C); `pins` in any case.

    pull: how far a pin bends its surroundings, in rows.
    """

    motion: types.Motion
    regenerate_mask: npt.NDArray[np.bool_]
    pins: tuple[Pin, ...]
    first_frame: int
    falloff: float
    placed: placement.Placement | None = None

    @property
    def frames(self) -> npt.NDArray[np.float64]:
        """The frames (T,) of the rows."""
        return self.first_frame + np.arange(len(self.motion), dtype=np.float64)


def compute_changes(
    obj: bpy.types.Object, edit: MotionEdit, active: dict[PropertyAddress, ActiveCurve]
) -> tuple[list[CurveChange], list[str]]:
    """The changes of every curve that has some, and the names of shapes that were held within their sliders' range."""
    pinned = group_by_curve(edit.pins)
    wanted = _face_values(obj, edit) | _head_values(obj, edit, active)
    changes = []
    for address in active_curves.channels_by_address(obj):
        values, made = wanted.get(address, (None, np.zeros(len(edit.frames), bool)))
        points, curve = pinned.get(address, np.empty((0, 2))), active.get(address)
        if not made.any() and not len(points):
            continue
        base = sampling.sample_property(obj, address, curve, edit.frames)
        times, points = edit.frames, points.copy()
        if curve is not None:
            times, points[:, 0] = curve.to_curve_time(times), curve.to_curve_time(points[:, 0])
        is_layer = curve is not None and layer_tracks.layer_name(curve.action) is not None
        values = base if values is None else values
        if is_layer:
            values, made = _regenerate_layer_near_pins(curve, address, times, values, points, made, edit.falloff)
        if curve is not None and any(not some.mute for some in curve.fcurve.modifiers):
            # what modifiers add is not in the keys
            keyed = evaluate_without_modifiers(curve.fcurve, times)
            values, base = values - (base - keyed), keyed
        changes.append((base, CurveChange(address, times, values.astype(np.float32), made, points, is_layer)))
    return _clamped_to_sliders(obj, _warped(obj, changes, edit))


def _face_values(obj: bpy.types.Object, edit: MotionEdit) -> dict[PropertyAddress, tuple[npt.NDArray, npt.NDArray]]:
    columns = active_curves.addresses_by_channel(obj)
    return {
        columns[name]: (edit.motion.column(name), edit.regenerate_mask[:, number])
        for number, name in enumerate(edit.motion.channels)
        if name in columns and edit.regenerate_mask[:, number].any()
    }


def _head_values(
    obj: bpy.types.Object, edit: MotionEdit, active: dict[PropertyAddress, ActiveCurve]
) -> dict[PropertyAddress, tuple[npt.NDArray, npt.NDArray]]:
    """The rotation's numbers over all rows, so that they go on from each other; made where an axis of the head is."""
    names = edit.motion.channels
    if not set(channels.HEAD) <= set(names):
        return {}
    made = edit.regenerate_mask[:, [names.index(name) for name in channels.HEAD]].any(axis=1)
    if not made.any():
        return {}
    base = sampling.sample_rotation(obj, edit.frames[:1], active)[0]
    vectors = sampling.to_mesh_axes(obj, edit.motion.select(channels.HEAD).values, edit.placed)
    curves = head_pose.rotation_curves(obj, vectors, sampling.reference_rotation(obj), previous=base.tolist())
    return {("OBJECT", curve.path, curve.index): (curve.values, made) for curve in curves}


def _regenerate_layer_near_pins(
    curve: ActiveCurve,
    address: PropertyAddress,
    times: npt.NDArray,
    values: npt.NDArray,
    pins: npt.NDArray,
    regenerate_mask: npt.NDArray[np.bool_],
    falloff: float,
) -> tuple[npt.NDArray, npt.NDArray[np.bool_]]:
    """A layer as it was generated, to be bent around those pins that it does not go through."""
    written = baseline.read_baseline_keys(curve.action).get(address)
    if written is None or not len(written):
        return values, regenerate_mask
    values, regenerate_mask, reach = values.copy(), regenerate_mask.copy(), math.ceil(2 * falloff)
    for time, value in pins:
        if abs(np.interp(time, written[:, 0], written[:, 1]) - value) > 1e-5:
            row = np.interp(time, times, np.arange(len(times)))
            near = slice(max(0, math.floor(row) - reach + 1), math.ceil(row) + reach)
            values[near], regenerate_mask[near] = np.interp(times[near], written[:, 0], written[:, 1]), True
    return values, regenerate_mask


def _warped(
    obj: bpy.types.Object, changes: list[tuple[npt.NDArray, CurveChange]], edit: MotionEdit
) -> list[CurveChange]:
    """The changes with their values bent to what stays beside them, and through their pins."""
    if not changes:
        return []
    base = np.stack([base for base, _ in changes], axis=1).astype(np.float32)
    values = np.stack([change.values for _, change in changes], axis=1)
    made = np.stack([change.regenerate_mask for _, change in changes], axis=1)
    near = _pins_nearest_to_curves(obj, [change for _, change in changes], np.where(made, values, base))
    rows = [np.interp(change.pins[:, 0], change.times, np.arange(len(base))) for _, change in changes]
    within = [
        (pins[:, 0] >= c.times[0]) & (pins[:, 0] <= c.times[-1]) for pins, (_, c) in zip(near, changes, strict=True)
    ]
    at = np.concatenate([some[inside] for some, inside in zip(rows, within, strict=True)])
    column = np.repeat(np.arange(len(changes), dtype=np.int32), [inside.sum() for inside in within])
    value = np.concatenate([pins[inside, 1] for pins, inside in zip(near, within, strict=True)])
    wanted = types.Constraints(base, ~made, types.Pins(at, column, value.astype(np.float32)), edit.falloff)
    bent = warp.warp_motion(values, wanted)
    return [replace(change, values=bent[:, number]) for number, (_, change) in enumerate(changes)]


def _pins_nearest_to_curves(
    obj: bpy.types.Object, changes: list[CurveChange], values: npt.NDArray
) -> list[npt.NDArray]:
    """The pins (K, 2) of every change. Of a head that is pinned by other numbers than the curves have for that pose (a
    turn more, an axis the other way round), those that the curves would have: so much has to be bent, and no more."""
    near = [change.pins.copy() for change in changes]
    path, mode = head_pose.rotation_path(obj.rotation_mode), obj.rotation_mode
    numbers = [n for n, change in enumerate(changes) if change.address[1] == path and change.address[0] == "OBJECT"]
    if len(numbers) < len(getattr(obj, path)):
        return near
    for time in {time for n in numbers for time in near[n][:, 0].tolist()}:
        now = [float(np.interp(time, changes[n].times, values[:, n])) for n in numbers]
        there = [np.flatnonzero(near[n][:, 0] == time) for n in numbers]
        if all(len(some) for some in there):
            pose = [near[n][some[0], 1] for n, some in zip(numbers, there, strict=True)]
            for n, some, value in zip(numbers, there, rotation_values.nearest_equivalent(pose, mode, now), strict=True):
                near[n][some[0], 1] = value
        elif len(now) == 3:
            for n, some, value in zip(numbers, there, now, strict=True):
                near[n][some, 1] -= np.round((near[n][some, 1] - value) / math.tau) * math.tau
    return near


def _clamped_to_sliders(obj: bpy.types.Object, changes: list[CurveChange]) -> tuple[list[CurveChange], list[str]]:
    """What is made of shapes held within their sliders' ranges."""
    names = {address: name for name, address in active_curves.addresses_by_channel(obj).items()}
    blocks = {block.path_from_id("value"): block for block in obj.data.shape_keys.key_blocks} if names else {}
    held, outside = [], []
    for change in changes:
        if change.address not in names:
            held.append(change)
            continue
        block = blocks[change.address[1]]
        within = np.clip(change.values, block.slider_min, block.slider_max)
        if np.max(np.abs(within - change.values)[change.regenerate_mask], initial=0) > 0.01:
            outside.append(block.name)
        held.append(replace(change, values=within))
    return held, outside
