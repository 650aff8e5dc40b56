"""The pins of what plays: found by comparing with what was generated, marked EXTREME so that they show, and let go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from ..animation import active_curves, sample_motion
from ..animation.active_curves import Address, Playing
from ..keys import editable
from ..keys.key_table import SAME_TIME, KeyTable, Points, nearest
from ..keys.write_keys import enum
from ..provenance import baseline
from .pin import Pin, by_curve, channel_of
from .pin_channels import as_channels
from .pin_values import Keyed, at_frame, is_locked, locked_notes, set_values

__all__ = [
    "Keyed", "Pin", "as_channels", "at_frame", "by_curve", "channel_of", "curves", "find", "look", "mark", "selected",
    "set_values", "unpin", "unsettled",
]  # fmt: skip

BENT = "Blinks, gaze and breath are not made anew: they stay as they were edited."
SPARSE = 2.0
"""Frames between the keys of a curve, on average, from which on they are taken for an artist's, each set on purpose."""


@dataclass(frozen=True)
class LetGo:
    """How many pins were let go, and notes about those that were not."""

    count: int
    notes: list[str]


def find(obj: bpy.types.Object) -> list[Pin]:
    """The pins of what animates `obj`, by curve and in the order of time.

    In a take: keys that are not as they were generated, keys that the artist added, and EXTREME ones. In an Action that
    DiFACE never made: its EXTREME keys, or where it has none all keys of those curves that have few.
    """
    return look(obj)[0]


def unsettled(obj: bpy.types.Object) -> list[Pin]:
    """What the motion around does not know yet: pins that were changed, moved or added since it was made, and those
    that it was made to go through and that are none any more."""
    return look(obj)[1]


def curves(obj: bpy.types.Object) -> list[bpy.types.FCurve]:
    """The F-curves that pins can be on."""
    return [curve.fcurve for _address, curve in _pinnable(obj)]


def selected(obj: bpy.types.Object) -> list[Pin]:
    """Those pins whose keys are selected, as in the Dope Sheet and the Graph Editor."""
    chosen: dict[Address, np.ndarray] = {}
    for address, curve in _pinnable(obj):
        keys = KeyTable.read(curve.fcurve)
        times = keys.frames[keys.select_control_point].astype(np.float64)
        chosen[address] = np.append(chosen.get(address, ()), curve.start + curve.scale * times)
    return [pin for pin in find(obj) if np.any(np.abs(chosen[pin.address] - pin.frame) <= SAME_TIME)]


def mark(obj: bpy.types.Object, pins: Iterable[Pin]) -> None:
    """Make the keys of `pins` EXTREME, as far as they are there and may be changed."""
    wanted = by_curve(pins)
    for address, curve in _pinnable(obj):
        if address in wanted and editable.is_editable(curve.action) and not is_locked(curve.fcurve):
            keys = KeyTable.read(curve.fcurve)
            near, same = keys.nearest(curve.at(wanted[address][:, 0]))
            keys.type[near[same]] = enum("type", "EXTREME")
            curve.fcurve.keyframe_points.foreach_set("type", keys.type)
            curve.action.update_tag()


def unpin(obj: bpy.types.Object, pins: Sequence[Pin]) -> LetGo:
    """Let go of `pins`: what was generated comes back, a key that was moved goes home, one that was added vanishes.

    In an Action that DiFACE never made they stay where they are, and are no pins any more. Those whose curve is locked
    stay. Raises SceneError, with nothing changed, where an Action is another file's.
    """
    wanted, pinnable = by_curve(pins), _pinnable(obj)
    chosen = [(address, curve) for address, curve in pinnable if address in wanted]
    editable.check(curve.action for _address, curve in chosen)
    locked = {address for address, curve in chosen if is_locked(curve.fcurve)}
    free = [(address, curve) for address, curve in chosen if address not in locked]
    bent = any(_bends_a_layer(curve, address, wanted[address]) for address, curve in free)
    for address, curve in free:
        keys = KeyTable.read(curve.fcurve)
        near, same = keys.nearest(curve.at(wanted[address][:, 0]))
        chosen = np.zeros(len(keys), bool)
        chosen[near[same]] = True
        if baseline.request_of(curve.action) is None:
            keys.type[chosen] = enum("type", "GENERATED")
        else:
            keys = _as_generated(keys, chosen, baseline.as_written(curve.action).get(address, np.empty((0, 2))))
        if len(keys):
            keys.write(curve.fcurve)
        else:
            curve.channels.fcurves.remove(curve.fcurve)
    count = sum(pin.address not in locked for pin in pins)
    return LetGo(count, [*locked_notes(obj, sorted(locked)), *([BENT] if bent else [])])


def _bends_a_layer(curve: Playing, address: Address, points: np.ndarray) -> bool:
    """Whether an edit has bent a layer to one of `points` (N, 2): what was there before the new take does not have."""
    request = baseline.request_of(curve.action)
    known = baseline.pins_of(curve.action).get(address, ()) if request and "layer" in request else ()
    return len(known) > 0 and bool(nearest(known[:, 0], curve.at(points[:, 0]))[1].any())


def _as_generated(keys: KeyTable, chosen: np.ndarray, points: np.ndarray) -> KeyTable:
    """`keys` with those `chosen` (K,) as they were written, which is `points` (N, 2)."""
    if not len(points):
        return keys[~chosen]
    near, there = nearest(points[:, 0], keys.frames)
    taken, gone = np.zeros(len(points), bool), chosen & ~there
    taken[near[there]] = True
    home = [_home(point, points, taken) for point in keys.co[chosen & (~there | (keys.values != points[near, 1]))]]

    # Where nothing else was changed, everything that was generated is there again.
    left = ~chosen & (baseline.differing(keys, points) | (keys.type == enum("type", "EXTREME")))
    back = np.flatnonzero(~taken) if not left.any() else np.unique([row for row in home if row >= 0]).astype(int)
    again = chosen & there
    rise = points[near[again], 1] - keys.values[again]
    keys.co[again, 1] = points[near[again], 1]
    keys.handle_left[again, 1] += rise
    keys.handle_right[again, 1] += rise
    keys.type[again] = enum("type", "GENERATED")
    return KeyTable.joined([keys[~gone], KeyTable.generated(points[:, 0], points[:, 1])[back]])


def _home(key: np.ndarray, points: np.ndarray, taken: np.ndarray) -> int:
    """The point (of N) that a key was moved from: one that is not there any more, and if it can be of its value; -1
    where there is none."""
    missing = np.flatnonzero(~taken)
    alike = missing[points[missing, 1] == key[1]]
    on_a_point = np.abs(points[:, 0] - key[0]).min() <= SAME_TIME  # it may never have been elsewhere
    candidates = alike if len(alike) or on_a_point else missing
    return int(candidates[np.argmin(np.abs(points[candidates, 0] - key[0]))]) if len(candidates) else -1


def look(obj: bpy.types.Object) -> tuple[list[Pin], list[Pin]]:
    """What `find` and `unsettled` say, at once: of the latter, not all are among the former."""
    tables = [(address, curve, Points.read(curve.fcurve)) for address, curve in _pinnable(obj)]
    extreme = enum("type", "EXTREME")
    marked = {curve.action for _address, curve, keys in tables if (keys.type == extreme).any()}
    takes = [action for action in {curve.action for _address, curve, _keys in tables} if baseline.REQUEST in action]
    as_written = {action: baseline.as_written(action) for action in takes}
    known = {action: _going_through(action) for action in takes}
    found: dict[tuple[Address, int], tuple[Pin, bool]] = {}
    let_go: list[Pin] = []
    for address, curve, keys in tables:
        if curve.action in as_written:
            new = _changed(keys, as_written[curve.action].get(address))
            chosen = new | (keys.type == extreme)
            gone = _let_go(keys, chosen, known[curve.action].get(address))
            let_go += [Pin(*address, curve.start + curve.scale * time, value) for time, value in gone]
        else:
            new = chosen = keys.type == extreme if curve.action in marked else _by_hand(keys)
        chosen &= sample_motion.shows(obj, address, curve, keys.co)
        for (time, value), is_new in zip(keys.co[chosen].tolist(), new[chosen].tolist(), strict=True):
            frame = curve.start + curve.scale * time
            found.setdefault((address, round(frame * 1000)), (Pin(*address, frame, value), is_new))
    pins = sorted(found.values(), key=lambda pair: _order(pair[0]))
    unsettled = [*(pin for pin, is_new in pins if is_new), *let_go]
    return [pin for pin, _new in pins], sorted(unsettled, key=_order)


def _order(pin: Pin) -> tuple[str, str, int, float]:
    return pin.kind, pin.path, pin.index, pin.frame


def _going_through(action: bpy.types.Action) -> baseline.Written:
    """The pins that the motion of a take was made to go through. Of a layer none: it is not made anew without them."""
    return {} if "layer" in baseline.request_of(action) else baseline.pins_of(action)


def _let_go(keys: Points, chosen: np.ndarray, points: np.ndarray | None) -> list[tuple[float, float]]:
    """Those of `points` (N, 2), pins that the motion goes through, that are no pins any more: of the keys, the pins are
    `chosen` (K,)."""
    if points is None or not len(points):
        return []
    near, there = nearest(keys.frames, points[:, 0])
    stays = there & (chosen[near] | ~np.isclose(keys.values[near], points[:, 1], rtol=0, atol=1e-5))
    return [(time, value) for time, value in points[~stays].tolist()]


def _changed(keys: Points, points: np.ndarray | None) -> np.ndarray:
    """Which keys of a take are new; all where it had no such curve, but for those that were let go."""
    return keys.type != enum("type", "GENERATED") if points is None else baseline.differing(keys, points)


def _by_hand(keys: Points) -> np.ndarray:
    few = len(keys) < 2 or (keys.frames[-1] - keys.frames[0]) / (len(keys) - 1) >= SPARSE
    return (keys.type != enum("type", "GENERATED")) & few


def _pinnable(obj: bpy.types.Object) -> list[tuple[Address, Playing]]:
    """The curves that play, each before what the artist's keys lie over."""
    playing_now, seen, found = active_curves.curves(obj), set(), []
    for address, curve in active_curves.all_curves(obj):
        now = playing_now[address]
        if address not in seen or curve.fcurve == now.fcurve or (curve.in_nla and now.in_nla):
            found.append((address, curve))
        seen.add(address)
    return found
