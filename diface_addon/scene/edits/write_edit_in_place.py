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
from ..animation import active_curves, sample_motion
from ..animation.active_curves import Playing
from ..keys.key_table import KeyTable, Points, column, nearest, straight_handles
from ..keys.write_keys import STRAIGHT, enum
from ..pins.pin_values import is_locked
from ..provenance import baseline, layer_tracks
from . import changes as edit_changes
from .curves import Change, Floats, beside, between, goes_beyond, keys_only, rewrite
from .neck_offset import swing, turning
from .write_edit import Copies, curve_in_copy, merged, store_points

SELECTED = ("select_control_point", "select_left_handle", "select_right_handle")


def overwrite(
    obj: bpy.types.Object,
    actions: Sequence[bpy.types.Action],
    edit: edit_changes.Edited,
    request: dict[str, Any],
) -> None:
    """Write `edit` into `actions`, the take that animates `obj`, and its layers; `request` is what its own now says.

    The rows of `edit` may be a part of the take's. Nothing is assigned, and no undo step is made.
    """
    found = active_curves.curves(obj)
    changes, _outside = edit_changes.of(obj, edit, found)
    copies = _in_place(obj, actions)
    changes = [change for change in changes if _can_write(change, found.get(change.address), copies)]
    before = turning(obj, edit, changes, found)
    written, places = {}, {}
    for change in changes:
        curve = found.get(change.address)
        action, fcurve = curve_in_copy(change.address, curve, copies)
        new = _renewed(change, fcurve, places) if curve else None
        if new is None:
            new = _rewritten(obj, change, curve, fcurve)
        written[change.address] = action, new, change
    written |= swing(obj, edit, changes, found, copies.of, before)
    for action in (*copies.main, *copies.layers):
        mine = {address: some for address, some in written.items() if some[0] == action}
        if mine:
            points, pins = dict(baseline.as_written(action)), dict(baseline.pins_of(action))
            for address, (_action, new, change) in mine.items():
                points[address] = merged(points.get(address, np.empty((0, 2))), new, change)
                pins[address] = merged(pins.get(address, np.empty((0, 2))), change.pins, change)
            store_points(action, {**baseline.request_of(action), **request}, points, pins)
            action.update_tag()


def _in_place(obj: bpy.types.Object, actions: Sequence[bpy.types.Action]) -> Copies:
    blocks = active_curves.blocks(obj)
    layers = [action for _track, action in layer_tracks.playing(blocks["KEY"])] if "KEY" in blocks else []
    return Copies({action: action for action in (*actions, *layers)}, list(actions), layers)


def _can_write(change: Change, curve: Playing | None, copies: Copies) -> bool:
    """Whether the take has the curve, or room for it, and it is not locked and can be changed there alone."""
    if curve is not None:
        return curve.action in copies.of and not is_locked(curve.fcurve) and not goes_beyond(change, curve.fcurve)
    return any(compat.channels_of(action, change.address[0]) for action in copies.main)


def _rewritten(
    obj: bpy.types.Object, change: Change, curve: Playing | None, fcurve: bpy.types.FCurve
) -> npt.NDArray[np.float64]:
    """Write a curve whose keys come, go or change their kind; returns the keys written (N, 2)."""
    keys = KeyTable.read(curve.fcurve) if curve else KeyTable.generated([], [])

    def sample(times: Floats) -> npt.NDArray:
        return keys_only(curve.fcurve, times) if curve else sample_motion.sampled(obj, change.address, None, times)

    again = rewrite(change, keys, sample)
    if len(keys):
        near, same = nearest(keys.frames, again.keys.frames)
        for name in SELECTED:
            getattr(again.keys, name)[same] = getattr(keys, name)[near[same]]
    again.keys.write(fcurve)
    return again.written


@dataclass(frozen=True)
class _Place:
    """Where in a curve's keys an edit goes: `rows` (T,) that are written as made, the numbers of their keys, and those
    of the pins'."""

    rows: npt.NDArray[np.bool_]
    made: npt.NDArray[np.intp]
    pinned: npt.NDArray[np.intp]


Places = dict[tuple[bytes, ...], _Place | None]
"""By when keys, rows and pins are: curves that are alike share the search."""


def _renewed(change: Change, fcurve: bpy.types.FCurve, places: Places) -> npt.NDArray[np.float64] | None:
    """Write a curve whose keys only get other values, which is quick: returns the keys written (N, 2); None, with
    nothing written, for any other."""
    keys, pins = Points.read(fcurve), change.pins[np.argsort(change.pins[:, 0])]
    alike = tuple(np.ascontiguousarray(some).tobytes() for some in (keys.frames, change.times, change.made, pins[:, 0]))
    if alike not in places:
        places[alike] = _place(change, keys, pins[:, 0])
    place = places[alike]
    if place is None or not _straight(fcurve, np.concatenate([place.made, place.pinned])):
        return None
    made = np.stack([change.times[place.rows], change.values[place.rows]], axis=1).astype(np.float32)
    pinned = pins.astype(np.float32)
    left, right = column(fcurve, "handle_left"), column(fcurve, "handle_right")
    for near, co, kind in ((place.made, made, "GENERATED"), (place.pinned, pinned, "EXTREME")):
        if len(near):
            keys.co[near], keys.type[near] = co, enum("type", kind)
            left[near], right[near] = straight_handles(co)
    for name, values in (("co", keys.co), ("handle_left", left), ("handle_right", right), ("type", keys.type)):
        fcurve.keyframe_points.foreach_set(name, values.ravel())
    written = np.concatenate([made, pinned]).astype(np.float64)
    return written[np.argsort(written[:, 0], kind="stable")]


def _place(change: Change, keys: Points, pinned: npt.NDArray) -> _Place | None:
    """None where keys would have to come or go."""
    rows = change.made & ~beside(change.times, pinned)
    (near, there), (at, on) = (nearest(keys.frames, times) for times in (change.times[rows], pinned))
    written = np.unique(np.concatenate([near, at]))
    if not (there.all() and on.all() and np.array_equal(written, np.flatnonzero(change.inside(keys.frames)))):
        return None
    return None if len(between(change, keys)) else _Place(rows, near, at)


def _straight(fcurve: bpy.types.FCurve, rows: npt.NDArray[np.intp]) -> bool:
    """Whether these keys are as generated ones are, but for their values."""
    return all((column(fcurve, name)[rows] == enum(name, kind)).all() for name, kind in STRAIGHT.items())
