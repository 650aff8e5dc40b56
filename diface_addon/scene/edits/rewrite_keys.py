"""One F-curve of an edit: its keys where something was made anew, the pins exactly, and every other key as it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt

from ..animation import sampling
from ..animation.active_curves import PropertyAddress
from ..keys.key_table import SAME_TIME, KeyPoints, KeyTable, nearest
from ..keys.write_keys import enum_value

Float64Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CurveChange:
    """What an edit does to one curve, in the curve's own time.

    times: (T,) of the rows. values: (T,) float32, the new ones where `made` (T,). pins: (K, 2) time and value.
    is_layer: whether the curve is of a layer, which is bent to its pins and not made anew.
    """

    address: PropertyAddress
    times: Float64Array
    values: npt.NDArray[np.float32]
    regenerate_mask: npt.NDArray[np.bool_]
    pins: Float64Array
    is_layer: bool = False

    def segments(self) -> list[tuple[float, float]]:
        """First and last time of everything that is made anew."""
        edges = np.flatnonzero(np.diff(np.concatenate([[False], self.regenerate_mask, [False]]).astype(int)))
        return [(float(self.times[a]), float(self.times[b - 1])) for a, b in edges.reshape(-1, 2)]

    def in_segments(self, times: npt.NDArray) -> npt.NDArray[np.bool_]:
        """Which of `times` (K,) are in a stretch that is made anew."""
        found = np.zeros(len(times), bool)
        for first, last in self.segments():
            found |= (times >= first - SAME_TIME) & (times <= last + SAME_TIME)
        return found


@dataclass(frozen=True)
class RewriteResult:
    """The keys of a curve after an edit, and those (N, 2) that the edit wrote: time and value."""

    keys: KeyTable
    written: Float64Array


def rewrite_keys(change: CurveChange, keys: KeyTable, sample: Callable[[Float64Array], npt.NDArray]) -> RewriteResult:
    """`keys` with what `change` says. sample: what the curve's keys say at times, as it was.

    Keys outside what is made anew stay as they are. Where that cuts through a longer way from key to key, the way is
    kept by a key a frame, so that no frame outside changes.
    """
    new = change.regenerate_mask & ~coincident_mask(change.times, change.pins[:, 0])
    fill = transition_times(change, keys)
    kept = keys[~change.in_segments(keys.frames)]
    standing, at_key = coincident_mask(kept.frames, change.pins[:, 0]), np.zeros(len(change.pins), bool)
    if standing.any():
        near, at_key = nearest(kept.frames, change.pins[:, 0])
        kept = _set_pinned_keys(kept, near[at_key], change.pins[at_key, 1])
    fresh = KeyTable.generated(*change.pins[~at_key].T, "EXTREME")
    made = KeyTable.generated(change.times[new], change.values[new])
    filled = KeyTable.generated(fill, sample(fill))
    together = KeyTable.joined([kept, filled, made, fresh])
    written = np.concatenate([filled.co, made.co, change.pins]).astype(np.float64)
    return RewriteResult(together, written[np.argsort(written[:, 0], kind="stable")])


def extends_beyond_keys(change: CurveChange, fcurve: bpy.types.FCurve) -> bool:
    """Whether what is made anew would show without end elsewhere too: the curve goes round and round, or on in a
    straight line from an end that is made anew."""
    if any(modifier.type == "CYCLES" and not modifier.mute for modifier in fcurve.modifiers):
        return bool(change.regenerate_mask.any())
    frames = KeyPoints.read(fcurve).frames
    ends = [(first <= frames[0] + SAME_TIME) or (last >= frames[-1] - SAME_TIME) for first, last in change.segments()]
    return fcurve.extrapolation == "LINEAR" and any(ends)


def evaluate_without_modifiers(fcurve: bpy.types.FCurve, times: Float64Array) -> npt.NDArray[np.float32]:
    """What a curve's keys say at `times` (N,), without its modifiers."""
    on = [modifier for modifier in fcurve.modifiers if not modifier.mute]
    for modifier in on:
        modifier.mute = True
    values = sampling.evaluate_fcurve(fcurve, times)
    for modifier in on:
        modifier.mute = False
    return values


def coincident_mask(times: npt.NDArray, others: npt.NDArray) -> npt.NDArray[np.bool_]:
    """Which of `times` a pin is at."""
    return nearest(np.sort(others), times)[1] if len(others) else np.zeros(len(times), bool)


def _set_pinned_keys(keys: KeyTable, rows: npt.NDArray, values: npt.NDArray) -> KeyTable:
    """Some keys with these values, EXTREME, their handles moved along."""
    values = values.astype(np.float32)
    rise = values - keys.values[rows]
    keys.handle_left[rows, 1] += rise
    keys.handle_right[rows, 1] += rise
    keys.co[rows, 1] = values
    keys.type[rows] = enum_value("type", "EXTREME")
    return keys


def transition_times(change: CurveChange, keys: KeyTable | KeyPoints) -> Float64Array:
    """Times (N,) of the frames outside that would change with the stretches beside them: from each stretch to the next
    key, or one frame where the curve has no key beyond and stands still."""
    step = change.times[1] - change.times[0] if len(change.times) > 1 else 1.0
    kept = keys.frames[~change.in_segments(keys.frames)].astype(np.float64)
    found = [np.zeros(0)]
    for first, last in change.segments():
        before, after = kept[kept < first], kept[kept > last]
        begin = before[-1] if len(before) else max(change.times[0], first - step) - step / 2
        end = after[0] if len(after) else min(change.times[-1], last + step) + step / 2
        found.append(np.arange(first - step, begin + SAME_TIME, -step))
        found.append(np.arange(last + step, end - SAME_TIME, step))
    times = np.unique(np.concatenate(found))
    times = times[np.append(np.diff(times) > SAME_TIME, True)[: len(times)]]
    return times[~change.in_segments(times) & ~coincident_mask(times, kept)]
