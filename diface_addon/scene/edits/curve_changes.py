"""An edit as changes of F-curves: a Motion and pins as the curves' values, warped to pass through the pins."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import bpy
import numpy as np
import numpy.typing as npt

from ...core import channels, placement, types, warp
from ...rig import rotation_values
from ...rig.head_target import HEAD, head_target
from ...rig.property_address import PropertyAddress, property_name
from ..animation import active_curves, evaluate_curves, property_limits
from ..animation.active_curves import ActiveCurve
from ..keys import head_pose
from ..pins.linked_pins import on_all_properties
from ..pins.pin import Pin, group_by_curve
from ..provenance import baseline, layer_tracks
from .rewrite_keys import CurveChange, evaluate_without_modifiers


@dataclass(frozen=True)
class MotionEdit:
    """An edit to write.

    Attributes:
        motion: Row r is at frame `first_frame` + r.
        regenerate_mask: (T, C) bool, where `motion` replaces the keys.
        pins: Keys that are written in any case.
        first_frame: Frame of the first row.
        falloff: Distance around a pin within which the motion is warped, in rows.
        placed: Placement of a FLAME mesh if it is known better than from its vertices.
    """

    motion: types.Motion
    regenerate_mask: npt.NDArray[np.bool_]
    pins: tuple[Pin, ...]
    first_frame: int
    falloff: float = 8.0
    placed: placement.Placement | None = None

    @property
    def frames(self) -> npt.NDArray[np.float64]:
        """The frames (T,) of the rows."""
        return self.first_frame + np.arange(len(self.motion), dtype=np.float64)

    @property
    def regenerated_frames(self) -> tuple[float, float]:
        """The first and the last frame where any key is replaced; an empty range (inf, -inf) without any."""
        frames = self.frames[self.regenerate_mask.any(axis=1)]
        return float(frames.min(initial=np.inf)), float(frames.max(initial=-np.inf))


def compute_changes(
    obj: bpy.types.Object, edit: MotionEdit, active: dict[PropertyAddress, ActiveCurve]
) -> tuple[list[CurveChange], list[str]]:
    """Return the changes of all curves, and the names of shape keys that were clamped to their sliders' ranges."""
    pinned = group_by_curve(on_all_properties(obj, edit.pins, edit.regenerated_frames))
    new_values = _face_values(obj, edit) | _head_values(obj, edit, active)
    changes = []
    for address in active_curves.channels_by_address(obj):
        values, mask = new_values.get(address, (None, np.zeros(len(edit.frames), bool)))
        points, curve = pinned.get(address, np.empty((0, 2))), active.get(address)
        is_layer = curve is not None and layer_tracks.layer_name(curve.action) is not None
        if not mask.any() and (not len(points) or (is_layer and _are_elsewhere(points, edit))):
            continue
        base = evaluate_curves.sample_property(obj, address, curve, edit.frames)
        times, points = edit.frames, points.copy()
        if curve is not None:
            times, points[:, 0] = curve.to_curve_time(times), curve.to_curve_time(points[:, 0])
        values = base if values is None else values
        if is_layer:
            values, mask = _regenerate_layer_near_pins(curve, address, times, values, points, mask, edit.falloff)
        if curve is not None and any(not modifier.mute for modifier in curve.fcurve.modifiers):
            # the keys do not include what modifiers add
            keyed = evaluate_without_modifiers(curve.fcurve, times)
            values, base = values - (base - keyed), keyed
        changes.append((base, CurveChange(address, times, values.astype(np.float32), mask, points, is_layer)))
    return _clamped_to_sliders(obj, _warped(obj, changes, edit))


def _are_elsewhere(points: npt.NDArray, edit: MotionEdit) -> bool:
    """Return whether all pins (K, 2) of a layer are outside the frames that an edit regenerates.

    Then the layer stays as it is, and keys of the user above it stay there. An edit without frames only writes pins.
    """
    first, last = edit.regenerated_frames
    return first <= last and not ((points[:, 0] >= first) & (points[:, 0] <= last)).any()


def _face_values(obj: bpy.types.Object, edit: MotionEdit) -> dict[PropertyAddress, tuple[npt.NDArray, npt.NDArray]]:
    names = edit.motion.channels
    columns = {name: edit.motion.column(name) for name in names}
    changed = {}
    for target in active_curves.face_targets(obj):
        numbers = [names.index(channel) for channel in target.channels if channel in names]
        mask = edit.regenerate_mask[:, numbers].any(axis=1)
        values = target.value(columns)
        if mask.any() and values is not None:
            changed[target.address] = values, mask
    for group in active_curves.groups(obj):
        numbers = [number for number, name in enumerate(names) if name in group.channels]
        mask = edit.regenerate_mask[:, numbers].any(axis=1)
        if mask.any():
            new = group.solve(columns, edit.motion.rate)
            changed |= {address: (new[:, k], mask) for k, address in enumerate(group.addresses)}
    return changed


def _head_values(
    obj: bpy.types.Object, edit: MotionEdit, active: dict[PropertyAddress, ActiveCurve]
) -> dict[PropertyAddress, tuple[npt.NDArray, npt.NDArray]]:
    """Return the rotation's values on all rows, which are continuous, and the rows where a head axis is regenerated."""
    names = edit.motion.channels
    if not set(channels.HEAD) <= set(names):
        return {}
    mask = edit.regenerate_mask[:, [names.index(name) for name in channels.HEAD]].any(axis=1)
    if not mask.any():
        return {}
    base = evaluate_curves.sample_rotation(obj, edit.frames[:1], active)[0]
    vectors = evaluate_curves.to_mesh_axes(obj, edit.motion.select(channels.HEAD).values, edit.placed)
    target, rest = head_target(obj), evaluate_curves.reference_rotation(obj)
    curves = head_pose.rotation_curves(target, vectors, rest, previous=base.tolist())
    return {(target.kind, curve.path, curve.index): (curve.values, mask) for curve in curves}


def _regenerate_layer_near_pins(
    curve: ActiveCurve,
    address: PropertyAddress,
    times: npt.NDArray,
    values: npt.NDArray,
    pins: npt.NDArray,
    regenerate_mask: npt.NDArray[np.bool_],
    falloff: float,
) -> tuple[npt.NDArray, npt.NDArray[np.bool_]]:
    """Return a layer as it was generated near those pins that it does not pass through, to be warped to them."""
    generated = baseline.read_baseline_keys(curve.action).get(address)
    if generated is None or not len(generated):
        return values, regenerate_mask
    values, regenerate_mask, reach = values.copy(), regenerate_mask.copy(), math.ceil(2 * falloff)
    for time, value in pins:
        if abs(np.interp(time, generated[:, 0], generated[:, 1]) - value) > 1e-5:
            row = np.interp(time, times, np.arange(len(times)))
            near = slice(max(0, math.floor(row) - reach + 1), math.ceil(row) + reach)
            values[near], regenerate_mask[near] = np.interp(times[near], generated[:, 0], generated[:, 1]), True
    return values, regenerate_mask


def _warped(
    obj: bpy.types.Object, changes: list[tuple[npt.NDArray, CurveChange]], edit: MotionEdit
) -> list[CurveChange]:
    """Return the changes with their values warped to meet the unchanged rows and to pass through their pins."""
    if not changes:
        return []
    base = np.stack([base for base, _ in changes], axis=1).astype(np.float32)
    values = np.stack([change.values for _, change in changes], axis=1)
    mask = np.stack([change.regenerate_mask for _, change in changes], axis=1)
    near = _pins_nearest_to_curves(obj, [change for _, change in changes], np.where(mask, values, base))
    rows = [np.interp(change.pins[:, 0], change.times, np.arange(len(base))) for _, change in changes]
    within = [
        (pins[:, 0] >= c.times[0]) & (pins[:, 0] <= c.times[-1]) for pins, (_, c) in zip(near, changes, strict=True)
    ]
    at = np.concatenate([curve_rows[inside] for curve_rows, inside in zip(rows, within, strict=True)])
    column = np.repeat(np.arange(len(changes), dtype=np.int32), [inside.sum() for inside in within])
    value = np.concatenate([pins[inside, 1] for pins, inside in zip(near, within, strict=True)])
    constraints = types.Constraints(base, ~mask, types.Pins(at, column, value.astype(np.float32)), edit.falloff)
    warped = warp.warp_motion(values, constraints)
    return [replace(change, values=warped[:, number]) for number, (_, change) in enumerate(changes)]


def _pins_nearest_to_curves(
    obj: bpy.types.Object, changes: list[CurveChange], values: npt.NDArray
) -> list[npt.NDArray]:
    """Return the pins (K, 2) of every change.

    Equivalent values of a rotation (an angle plus 2 pi, -q for q) are converted to those nearest to the curves, so that
    the warp does not add a full turn.
    """
    near = [change.pins.copy() for change in changes]
    target = head_target(obj)
    rotation, mode = target.addresses, target.rotation_mode
    numbers = [n for n, change in enumerate(changes) if change.address in rotation]
    if len(numbers) < len(rotation):
        return near
    for time in {time for n in numbers for time in near[n][:, 0].tolist()}:
        now = [float(np.interp(time, changes[n].times, values[:, n])) for n in numbers]
        rows = [np.flatnonzero(near[n][:, 0] == time) for n in numbers]
        if all(len(pinned) for pinned in rows):
            pose = [near[n][pinned[0], 1] for n, pinned in zip(numbers, rows, strict=True)]
            nearest = rotation_values.nearest_equivalent(pose, mode, now)
            for n, pinned, value in zip(numbers, rows, nearest, strict=True):
                near[n][pinned[0], 1] = value
        elif len(now) == 3:
            for n, pinned, value in zip(numbers, rows, now, strict=True):
                near[n][pinned, 1] -= np.round((near[n][pinned, 1] - value) / math.tau) * math.tau
    return near


def _clamped_to_sliders(obj: bpy.types.Object, changes: list[CurveChange]) -> tuple[list[CurveChange], list[str]]:
    """Return the changes of the face clamped to the range of each property, and the names of those outside."""
    names = active_curves.channels_by_address(obj)
    clamped, outside = [], []
    for change in changes:
        if names[change.address] == HEAD:
            clamped.append(change)
            continue
        within = property_limits.within(obj, change.address, change.values)
        if np.max(np.abs(within - change.values)[change.regenerate_mask], initial=0) > 0.01:
            outside.append(property_name(change.address))
        clamped.append(replace(change, values=within))
    return clamped, outside
