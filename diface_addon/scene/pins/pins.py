"""The pins of what plays: found by comparing with what was generated, marked EXTREME so that they show, and let go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from ..animation import active_curves, sampling
from ..animation.active_curves import ActiveCurve
from ..keys import editable_actions
from ..keys.key_table import SAME_TIME, KeyPoints, KeyTable, nearest
from ..keys.property_address import PointsByAddress, PropertyAddress
from ..keys.write_keys import enum_value
from ..provenance import baseline, edited_keys, stored_request
from .pin import Pin, face_channel, group_by_curve
from .pin_channels import to_channel_pins
from .pin_values import KeyedChannels, is_locked, locked_notes, pose_pins, set_values

__all__ = [
    "KeyedChannels",
    "Pin",
    "changed_pins",
    "face_channel",
    "find_pins",
    "find_pins_and_changes",
    "group_by_curve",
    "mark_extreme",
    "pinnable_fcurves",
    "pose_pins",
    "selected_pins",
    "set_values",
    "to_channel_pins",
    "unpin",
]  # fmt: skip

LAYERS_NOT_RESTORED = "Blinks, gaze and breath are not made anew: they stay as they were edited."
SPARSE_SPACING = 2.0
"""Frames between the keys of a curve, on average, from which on they are taken for an artist's, each set on purpose."""


@dataclass(frozen=True)
class RemovedPins:
    """How many pins were let go, and notes about those that were not."""

    count: int
    notes: list[str]


def find_pins(obj: bpy.types.Object) -> list[Pin]:
    """The pins of what animates `obj`, by curve and in the order of time.

    In a take: keys that are not as they were generated, keys that the artist added, and EXTREME ones. In an Action that
    DiFACE never made: its EXTREME keys, or where it has none all keys of those curves that have few.
    """
    return find_pins_and_changes(obj)[0]


def changed_pins(obj: bpy.types.Object) -> list[Pin]:
    """What the motion around does not know yet: pins that were changed, moved or added since it was made, and those
    that it was made to go through and that are none any more."""
    return find_pins_and_changes(obj)[1]


def pinnable_fcurves(obj: bpy.types.Object) -> list[bpy.types.FCurve]:
    """The F-curves that pins can be on."""
    return [curve.fcurve for _address, curve in _pinnable(obj)]


def selected_pins(obj: bpy.types.Object) -> list[Pin]:
    """Those pins whose keys are selected, as in the Dope Sheet and the Graph Editor."""
    chosen: dict[PropertyAddress, np.ndarray] = {}
    for address, curve in _pinnable(obj):
        keys = KeyTable.read(curve.fcurve)
        times = keys.frames[keys.select_control_point].astype(np.float64)
        chosen[address] = np.append(chosen.get(address, ()), curve.start + curve.scale * times)
    return [pin for pin in find_pins(obj) if np.any(np.abs(chosen[pin.address] - pin.frame) <= SAME_TIME)]


def mark_extreme(obj: bpy.types.Object, pins: Iterable[Pin]) -> None:
    """Make the keys of `pins` EXTREME, as far as they are there and may be changed."""
    wanted = group_by_curve(pins)
    for address, curve in _pinnable(obj):
        if address in wanted and editable_actions.is_editable(curve.action) and not is_locked(curve.fcurve):
            keys = KeyTable.read(curve.fcurve)
            near, same = keys.nearest(curve.to_curve_time(wanted[address][:, 0]))
            keys.type[near[same]] = enum_value("type", "EXTREME")
            curve.fcurve.keyframe_points.foreach_set("type", keys.type)
            curve.action.update_tag()


def unpin(obj: bpy.types.Object, pins: Sequence[Pin]) -> RemovedPins:
    """Let go of `pins`: what was generated comes back, a key that was moved goes home, one that was added vanishes.

    In an Action that DiFACE never made they stay where they are, and are no pins any more. Those whose curve is locked
    stay. Raises SceneError, with nothing changed, where an Action is another file's.
    """
    wanted, pinnable = group_by_curve(pins), _pinnable(obj)
    chosen = [(address, curve) for address, curve in pinnable if address in wanted]
    editable_actions.check(curve.action for _address, curve in chosen)
    locked = {address for address, curve in chosen if is_locked(curve.fcurve)}
    free = [(address, curve) for address, curve in chosen if address not in locked]
    bent = any(_warps_a_layer(curve, address, wanted[address]) for address, curve in free)
    for address, curve in free:
        keys = KeyTable.read(curve.fcurve)
        near, same = keys.nearest(curve.to_curve_time(wanted[address][:, 0]))
        chosen = np.zeros(len(keys), bool)
        chosen[near[same]] = True
        if stored_request.read_request(curve.action) is None:
            keys.type[chosen] = enum_value("type", "GENERATED")
        else:
            keys = _restore_baseline(
                keys, chosen, baseline.read_baseline_keys(curve.action).get(address, np.empty((0, 2)))
            )
        if len(keys):
            keys.write(curve.fcurve)
        else:
            curve.channels.fcurves.remove(curve.fcurve)
    count = sum(pin.address not in locked for pin in pins)
    return RemovedPins(count, [*locked_notes(obj, sorted(locked)), *([LAYERS_NOT_RESTORED] if bent else [])])


def _warps_a_layer(curve: ActiveCurve, address: PropertyAddress, points: np.ndarray) -> bool:
    """Whether an edit has bent a layer to one of `points` (N, 2): what was there before the new take does not have."""
    request = stored_request.read_request(curve.action)
    known = baseline.read_applied_pins(curve.action).get(address, ()) if request and "layer" in request else ()
    return len(known) > 0 and bool(nearest(known[:, 0], curve.to_curve_time(points[:, 0]))[1].any())


def _restore_baseline(keys: KeyTable, chosen: np.ndarray, points: np.ndarray) -> KeyTable:
    """`keys` with those `chosen` (K,) as they were written, which is `points` (N, 2)."""
    if not len(points):
        return keys[~chosen]
    near, there = nearest(points[:, 0], keys.frames)
    taken, gone = np.zeros(len(points), bool), chosen & ~there
    taken[near[there]] = True
    home = [
        _original_row(point, points, taken) for point in keys.co[chosen & (~there | (keys.values != points[near, 1]))]
    ]

    # Where nothing else was changed, everything that was generated is there again.
    left = ~chosen & (edited_keys.changed_mask(keys, points) | (keys.type == enum_value("type", "EXTREME")))
    back = np.flatnonzero(~taken) if not left.any() else np.unique([row for row in home if row >= 0]).astype(int)
    again = chosen & there
    rise = points[near[again], 1] - keys.values[again]
    keys.co[again, 1] = points[near[again], 1]
    keys.handle_left[again, 1] += rise
    keys.handle_right[again, 1] += rise
    keys.type[again] = enum_value("type", "GENERATED")
    return KeyTable.joined([keys[~gone], KeyTable.generated(points[:, 0], points[:, 1])[back]])


def _original_row(key: np.ndarray, points: np.ndarray, taken: np.ndarray) -> int:
    """The point (of N) that a key was moved from: one that is not there any more, and if it can be of its value; -1
    where there is none."""
    missing = np.flatnonzero(~taken)
    alike = missing[points[missing, 1] == key[1]]
    on_a_point = np.abs(points[:, 0] - key[0]).min() <= SAME_TIME  # it may never have been elsewhere
    candidates = alike if len(alike) or on_a_point else missing
    return int(candidates[np.argmin(np.abs(points[candidates, 0] - key[0]))]) if len(candidates) else -1


def find_pins_and_changes(obj: bpy.types.Object) -> tuple[list[Pin], list[Pin]]:
    """What `find` and `unsettled` say, at once: of the latter, not all are among the former."""
    tables = [(address, curve, KeyPoints.read(curve.fcurve)) for address, curve in _pinnable(obj)]
    extreme = enum_value("type", "EXTREME")
    marked = {curve.action for _address, curve, keys in tables if (keys.type == extreme).any()}
    takes = [
        action for action in {curve.action for _address, curve, _ in tables} if stored_request.read_request(action)
    ]
    as_written = {action: baseline.read_baseline_keys(action) for action in takes}
    known = {action: _applied_pins(action) for action in takes}
    found: dict[tuple[PropertyAddress, int], tuple[Pin, bool]] = {}
    let_go: list[Pin] = []
    for address, curve, keys in tables:
        if curve.action in as_written:
            new = _changed_key_mask(keys, as_written[curve.action].get(address))
            chosen = new | (keys.type == extreme)
            gone = _removed_pins(keys, chosen, known[curve.action].get(address))
            let_go += [Pin(*address, curve.start + curve.scale * time, value) for time, value in gone]
        else:
            new = chosen = keys.type == extreme if curve.action in marked else _user_key_mask(keys)
        chosen &= sampling.visible_key_mask(obj, address, curve, keys.co)
        for (time, value), is_new in zip(keys.co[chosen].tolist(), new[chosen].tolist(), strict=True):
            frame = curve.start + curve.scale * time
            found.setdefault((address, round(frame * 1000)), (Pin(*address, frame, value), is_new))
    pins = sorted(found.values(), key=lambda pair: _sort_key(pair[0]))
    unsettled = [*(pin for pin, is_new in pins if is_new), *let_go]
    return [pin for pin, _new in pins], sorted(unsettled, key=_sort_key)


def _sort_key(pin: Pin) -> tuple[str, str, int, float]:
    return pin.kind, pin.path, pin.index, pin.frame


def _applied_pins(action: bpy.types.Action) -> PointsByAddress:
    """The pins that the motion of a take was made to go through. Of a layer none: it is not made anew without them."""
    return {} if "layer" in stored_request.read_request(action) else baseline.read_applied_pins(action)


def _removed_pins(keys: KeyPoints, chosen: np.ndarray, points: np.ndarray | None) -> list[tuple[float, float]]:
    """Those of `points` (N, 2), pins that the motion goes through, that are no pins any more: of the keys, the pins are
    `chosen` (K,)."""
    if points is None or not len(points):
        return []
    near, there = nearest(keys.frames, points[:, 0])
    stays = there & (chosen[near] | ~np.isclose(keys.values[near], points[:, 1], rtol=0, atol=1e-5))
    return [(time, value) for time, value in points[~stays].tolist()]


def _changed_key_mask(keys: KeyPoints, points: np.ndarray | None) -> np.ndarray:
    """Which keys of a take are new; all where it had no such curve, but for those that were let go."""
    return keys.type != enum_value("type", "GENERATED") if points is None else edited_keys.changed_mask(keys, points)


def _user_key_mask(keys: KeyPoints) -> np.ndarray:
    few = len(keys) < 2 or (keys.frames[-1] - keys.frames[0]) / (len(keys) - 1) >= SPARSE_SPACING
    return (keys.type != enum_value("type", "GENERATED")) & few


def _pinnable(obj: bpy.types.Object) -> list[tuple[PropertyAddress, ActiveCurve]]:
    """The curves that play, each before what the artist's keys lie over."""
    playing_now, seen, found = active_curves.find_active_curves(obj), set(), []
    for address, curve in active_curves.all_curves(obj):
        now = playing_now[address]
        if address not in seen or curve.fcurve == now.fcurve or (curve.in_nla and now.in_nla):
            found.append((address, curve))
        seen.add(address)
    return found
