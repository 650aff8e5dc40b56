"""Writes an edit into the active Actions themselves, as Live does to its working copy.

The keys are those that `write_edit` would write into a copy. The user's selection stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from ... import compat
from ..animation import active_curves
from ..animation.active_curves import ActiveCurve
from ..keys.key_table import KeyPoints, KeyTable, nearest, read_column, straight_handles, write_column
from ..keys.write_keys import LINEAR_KEYS, enum_value
from ..pins.pin_values import is_locked
from ..provenance import baseline, layer_tracks, stored_request
from .action_copies import ActionCopies, curve_in_copy
from .curve_changes import MotionEdit, compute_changes
from .edit_baseline import merge_written, store_points
from .pivot_compensation import compensate_pivot, rotation_before
from .rewrite_keys import (
    CurveChange,
    WrittenCurve,
    coincident_mask,
    extends_beyond_keys,
    rewrite_keys,
    transition_times,
)
from .write_edit import sample_before

SELECTION_FIELDS = ("select_control_point", "select_left_handle", "select_right_handle")


def write_in_place(
    obj: bpy.types.Object,
    actions: Sequence[bpy.types.Action],
    edit: MotionEdit,
    request: dict[str, Any],
    is_draft: bool = False,
) -> None:
    """Write an edit into the take that animates `obj`, and its layers. Nothing is assigned.

    Args:
        obj: The character.
        actions: The main Actions of the take.
        edit: The edit. Its rows may be a part of the take's.
        request: Fields that change in the stored request.
        is_draft: Whether another edit will replace it soon: the baseline is stored without compression, which is
            faster.
    """
    active = active_curves.find_active_curves(obj)
    changes, _clamped = compute_changes(obj, edit, active)
    copies = _as_copies(obj, actions)
    changes = [change for change in changes if _can_write(change, active.get(change.address), copies)]
    before = rotation_before(obj, edit, changes, active)
    written, cache = {}, {}
    for change in changes:
        curve = active.get(change.address)
        action, fcurve = curve_in_copy(change.address, curve, copies)
        points = _write_values(change, fcurve, cache) if curve else None
        if points is None:
            points = _rewrite_fcurve(obj, change, curve, fcurve)
        written[change.address] = WrittenCurve(action, points, change)
    written |= compensate_pivot(obj, edit, changes, active, copies.by_original, before)
    for action in (*copies.main, *copies.layers):
        points, pins = dict(baseline.read_baseline_keys(action)), dict(baseline.read_applied_pins(action))
        if merge_written(action, written, points, pins):
            stored = {**stored_request.require_request(action), **request}
            store_points(action, stored, points, pins, level=0 if is_draft else baseline.COMPRESSION)
            action.update_tag()


def _as_copies(obj: bpy.types.Object, actions: Sequence[bpy.types.Action]) -> ActionCopies:
    layers = layer_tracks.active_layer_actions(active_curves.data_blocks(obj).values())
    return ActionCopies({action: action for action in (*actions, *layers)}, list(actions), layers)


def _can_write(change: CurveChange, curve: ActiveCurve | None, copies: ActionCopies) -> bool:
    """Return whether the take has the curve or can hold it, and the curve is not locked and ends with its keys."""
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
    """Write a curve whose keys are added, removed or change their type. Return the keys written (N, 2)."""
    keys = KeyTable.read(curve.fcurve) if curve else KeyTable.generated([], [])
    result = rewrite_keys(change, keys, lambda times: sample_before(obj, change, curve, times))
    if len(keys):
        near, same = nearest(keys.frames, result.keys.frames)
        for name in SELECTION_FIELDS:
            getattr(result.keys, name)[same] = getattr(keys, name)[near[same]]
    result.keys.write(fcurve)
    return result.written


@dataclass(frozen=True)
class _KeyRows:
    """Where an edit goes in a curve's keys: rows (T,) bool that are written, their keys, and the keys of the pins."""

    rows: npt.NDArray[np.bool_]
    generated_keys: npt.NDArray[np.intp]
    pinned_keys: npt.NDArray[np.intp]


KeyRowsCache = dict[tuple[bytes, ...], _KeyRows | None]
"""Times of keys, rows and pins as bytes -> the rows. Curves with the same times share the search."""


def _write_values(change: CurveChange, fcurve: bpy.types.FCurve, cache: KeyRowsCache) -> npt.NDArray[np.float64] | None:
    """Write a curve whose keys only change their values, which is fast.

    Returns:
        The keys written (N, 2). None, with nothing written, if keys would be added, removed or change their type.
    """
    keys, pins = KeyPoints.read(fcurve), change.pins[np.argsort(change.pins[:, 0])]
    times = tuple(
        np.ascontiguousarray(array).tobytes()
        for array in (keys.frames, change.times, change.regenerate_mask, pins[:, 0])
    )
    if times not in cache:
        cache[times] = _find_key_rows(change, keys, pins[:, 0])
    key_rows = cache[times]
    if key_rows is None or not _are_straight(fcurve, np.concatenate([key_rows.generated_keys, key_rows.pinned_keys])):
        return None
    made = np.stack([change.times[key_rows.rows], change.values[key_rows.rows]], axis=1).astype(np.float32)
    pinned = pins.astype(np.float32)
    types_before = keys.type.copy()
    left, right = read_column(fcurve, "handle_left"), read_column(fcurve, "handle_right")
    for near, co, kind in ((key_rows.generated_keys, made, "GENERATED"), (key_rows.pinned_keys, pinned, "EXTREME")):
        if len(near):
            keys.co[near], keys.type[near] = co, enum_value("type", kind)
            left[near], right[near] = straight_handles(co)
    for name, values in (("co", keys.co), ("handle_left", left), ("handle_right", right)):
        write_column(fcurve, name, values)
    if not np.array_equal(keys.type, types_before):
        write_column(fcurve, "type", keys.type)
    written = np.concatenate([made, pinned]).astype(np.float64)
    return written[np.argsort(written[:, 0], kind="stable")]


def _find_key_rows(change: CurveChange, keys: KeyPoints, pin_times: npt.NDArray) -> _KeyRows | None:
    """Return None if keys would be added or removed."""
    rows = change.regenerate_mask & ~coincident_mask(change.times, pin_times)
    (near, there), (at, on) = (nearest(keys.frames, times) for times in (change.times[rows], pin_times))
    written = np.unique(np.concatenate([near, at]))
    if not (there.all() and on.all() and np.array_equal(written, np.flatnonzero(change.in_segments(keys.frames)))):
        return None
    return None if len(transition_times(change, keys)) else _KeyRows(rows, near, at)


def _are_straight(fcurve: bpy.types.FCurve, rows: npt.NDArray[np.intp]) -> bool:
    """Return whether these keys are like generated ones in everything but their values."""
    return all((read_column(fcurve, name)[rows] == enum_value(name, kind)).all() for name, kind in LINEAR_KEYS.items())
