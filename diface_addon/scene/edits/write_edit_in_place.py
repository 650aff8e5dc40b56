"""An edit written into the Actions that play, in place: what Live does to its working copy, and nothing else does.

The keys come out as `edit_take.write_edit` would write them into a copy; the artist's selection stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from ... import compat
from ..animation import active_curves, sampling
from ..animation.active_curves import ActiveCurve
from ..keys.key_table import KeyPoints, KeyTable, nearest, read_column, straight_handles
from ..keys.write_keys import LINEAR_KEYS, enum_value
from ..pins.pin_values import is_locked
from ..provenance import baseline, layer_tracks, stored_request
from . import curve_changes as edit_changes
from .pivot_compensation import compensate_pivot, rotation_before
from .rewrite_keys import (
    CurveChange,
    Float64Array,
    coincident_mask,
    evaluate_without_modifiers,
    extends_beyond_keys,
    rewrite_keys,
    transition_times,
)
from .write_edit import ActionCopies, curve_in_copy, merge_points, store_baseline_points

SELECTION_FIELDS = ("select_control_point", "select_left_handle", "select_right_handle")


def write_in_place(
    obj: bpy.types.Object,
    actions: Sequence[bpy.types.Action],
    edit: edit_changes.MotionEdit,
    request: dict[str, Any],
) -> None:
    """Write `edit` into `actions`, the take that animates `obj`, and its layers; `request` is what its own now says.

    The rows of `edit` may be a part of the take's. Nothing is assigned, and no undo step is made.
    """
    found = active_curves.find_active_curves(obj)
    changes, _outside = edit_changes.compute_changes(obj, edit, found)
    copies = _as_copies(obj, actions)
    changes = [change for change in changes if _can_write(change, found.get(change.address), copies)]
    before = rotation_before(obj, edit, changes, found)
    written, places = {}, {}
    for change in changes:
        curve = found.get(change.address)
        action, fcurve = curve_in_copy(change.address, curve, copies)
        new = _write_values(change, fcurve, places) if curve else None
        if new is None:
            new = _rewrite_fcurve(obj, change, curve, fcurve)
        written[change.address] = action, new, change
    written |= compensate_pivot(obj, edit, changes, found, copies.by_original, before)
    for action in (*copies.main, *copies.layers):
        mine = {address: some for address, some in written.items() if some[0] == action}
        if mine:
            points, pins = dict(baseline.read_baseline_keys(action)), dict(baseline.read_applied_pins(action))
            for address, (_action, new, change) in mine.items():
                points[address] = merge_points(points.get(address, np.empty((0, 2))), new, change)
                pins[address] = merge_points(pins.get(address, np.empty((0, 2))), change.pins, change)
            store_baseline_points(action, {**stored_request.read_request(action), **request}, points, pins)
            action.update_tag()


def _as_copies(obj: bpy.types.Object, actions: Sequence[bpy.types.Action]) -> ActionCopies:
    blocks = active_curves.data_blocks(obj)
    layers = [action for _track, action in layer_tracks.active_layers(blocks["KEY"])] if "KEY" in blocks else []
    return ActionCopies({action: action for action in (*actions, *layers)}, list(actions), layers)


def _can_write(change: CurveChange, curve: ActiveCurve | None, copies: ActionCopies) -> bool:
    """Whether the take has the curve, or room for it, and it is not locked and can be changed there alone."""
    if curve is not None:
        return (
            curve.action in copies.by_original
            and not is_locked(curve.fcurve)
            and not extends_beyond_keys(change, curve.fcurve)
        )
    return any(compat.find_channelbag(action, change.address[0]) for action in copies.main)


def _rewrite_fcurve(
    obj: bpy.types.Object, change: CurveChange, curve: ActiveCurve | None, fcurve: bpy.types.FCurve
) -> npt.NDArray[np.float64]:
    """Write a curve whose keys come, go or change their kind; returns the keys written (N, 2)."""
    keys = KeyTable.read(curve.fcurve) if curve else KeyTable.generated([], [])

    def sample(times: Float64Array) -> npt.NDArray:
        return (
            evaluate_without_modifiers(curve.fcurve, times)
            if curve
            else sampling.sample_property(obj, change.address, None, times)
        )

    again = rewrite_keys(change, keys, sample)
    if len(keys):
        near, same = nearest(keys.frames, again.keys.frames)
        for name in SELECTION_FIELDS:
            getattr(again.keys, name)[same] = getattr(keys, name)[near[same]]
    again.keys.write(fcurve)
    return again.written


@dataclass(frozen=True)
class _KeyRows:
    """Where in a curve's keys an edit goes: `rows` (T,) that are written as made, the numbers of their keys, and those
    of the pins'."""

    rows: npt.NDArray[np.bool_]
    generated_keys: npt.NDArray[np.intp]
    pinned_keys: npt.NDArray[np.intp]


KeyRowsCache = dict[tuple[bytes, ...], _KeyRows | None]
"""By when keys, rows and pins are: curves that are alike share the search."""


def _write_values(change: CurveChange, fcurve: bpy.types.FCurve, cache: KeyRowsCache) -> npt.NDArray[np.float64] | None:
    """Write a curve whose keys only get other values, which is quick: returns the keys written (N, 2); None, with
    nothing written, for any other."""
    keys, pins = KeyPoints.read(fcurve), change.pins[np.argsort(change.pins[:, 0])]
    alike = tuple(
        np.ascontiguousarray(some).tobytes() for some in (keys.frames, change.times, change.regenerate_mask, pins[:, 0])
    )
    if alike not in cache:
        cache[alike] = _find_key_rows(change, keys, pins[:, 0])
    place = cache[alike]
    if place is None or not _are_straight(fcurve, np.concatenate([place.generated_keys, place.pinned_keys])):
        return None
    made = np.stack([change.times[place.rows], change.values[place.rows]], axis=1).astype(np.float32)
    pinned = pins.astype(np.float32)
    left, right = read_column(fcurve, "handle_left"), read_column(fcurve, "handle_right")
    for near, co, kind in ((place.generated_keys, made, "GENERATED"), (place.pinned_keys, pinned, "EXTREME")):
        if len(near):
            keys.co[near], keys.type[near] = co, enum_value("type", kind)
            left[near], right[near] = straight_handles(co)
    for name, values in (("co", keys.co), ("handle_left", left), ("handle_right", right), ("type", keys.type)):
        fcurve.keyframe_points.foreach_set(name, values.ravel())
    written = np.concatenate([made, pinned]).astype(np.float64)
    return written[np.argsort(written[:, 0], kind="stable")]


def _find_key_rows(change: CurveChange, keys: KeyPoints, pin_times: npt.NDArray) -> _KeyRows | None:
    """None where keys would have to come or go."""
    rows = change.regenerate_mask & ~coincident_mask(change.times, pin_times)
    (near, there), (at, on) = (nearest(keys.frames, times) for times in (change.times[rows], pin_times))
    written = np.unique(np.concatenate([near, at]))
    if not (there.all() and on.all() and np.array_equal(written, np.flatnonzero(change.in_segments(keys.frames)))):
        return None
    return None if len(transition_times(change, keys)) else _KeyRows(rows, near, at)


def _are_straight(fcurve: bpy.types.FCurve, rows: npt.NDArray[np.intp]) -> bool:
    """Whether these keys are as generated ones are, but for their values."""
    return all((read_column(fcurve, name)[rows] == enum_value(name, kind)).all() for name, kind in LINEAR_KEYS.items())
