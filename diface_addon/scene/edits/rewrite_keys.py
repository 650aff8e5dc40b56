"""The keys of one F-curve after an edit: the regenerated ones, the pins exactly, and all others unchanged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt

from ...rig.property_address import PropertyAddress
from ..animation import evaluate_curves
from ..keys.key_table import SAME_TIME, KeyPoints, KeyTable, nearest


@dataclass(frozen=True)
class CurveChange:
    """What an edit does to one curve, in the curve's time.

    Attributes:
        address: The property.
        times: (T,) of the rows.
        values: (T,) float32, the new ones where `regenerate_mask` (T,) is True.
        regenerate_mask: (T,) bool.
        pins: (K, 2) time and value.
        is_layer: Whether the curve is of a layer, which is warped to its pins and not regenerated.
    """

    address: PropertyAddress
    times: npt.NDArray[np.float64]
    values: npt.NDArray[np.float32]
    regenerate_mask: npt.NDArray[np.bool_]
    pins: npt.NDArray[np.float64]
    is_layer: bool = False

    def segments(self) -> list[tuple[float, float]]:
        """Return the first and last time of each regenerated segment."""
        edges = np.flatnonzero(np.diff(np.concatenate([[False], self.regenerate_mask, [False]]).astype(int)))
        return [(float(self.times[a]), float(self.times[b - 1])) for a, b in edges.reshape(-1, 2)]

    def in_segments(self, times: npt.NDArray) -> npt.NDArray[np.bool_]:
        """Return which of `times` (K,) are in a regenerated segment."""
        inside = np.zeros(len(times), bool)
        for first, last in self.segments():
            inside |= (times >= first - SAME_TIME) & (times <= last + SAME_TIME)
        return inside


@dataclass(frozen=True)
class WrittenCurve:
    """A curve that an edit changed: the Action that has it, the keys written (N, 2), and the change."""

    action: bpy.types.Action
    points: npt.NDArray
    change: CurveChange


@dataclass(frozen=True)
class RewriteResult:
    """The keys of a curve after an edit, and those that the edit wrote, (N, 2) time and value."""

    keys: KeyTable
    written: npt.NDArray[np.float64]


def rewrite_keys(
    change: CurveChange, keys: KeyTable, sample: Callable[[npt.NDArray[np.float64]], npt.NDArray]
) -> RewriteResult:
    """Return the keys of a curve after an edit.

    Keys outside the regenerated segments stay as they are. If a segment ends between two keys that are far apart, keys
    one a frame keep the curve beyond it, so that no frame outside changes.

    Args:
        change: The edit.
        keys: The keys of the curve before it.
        sample: Returns the curve's values before the edit at times.
    """
    new = change.regenerate_mask & ~coincident_mask(change.times, change.pins[:, 0])
    fill = transition_times(change, keys)
    outside = keys[~change.in_segments(keys.frames)]
    is_pinned, at_key = coincident_mask(outside.frames, change.pins[:, 0]), np.zeros(len(change.pins), bool)
    if is_pinned.any():
        near, at_key = nearest(outside.frames, change.pins[:, 0])
        outside = outside.with_values(near[at_key], change.pins[at_key, 1], "EXTREME")
    new_pins = KeyTable.generated(change.pins[~at_key, 0], change.pins[~at_key, 1], "EXTREME")
    regenerated = KeyTable.generated(change.times[new], change.values[new])
    filled = KeyTable.generated(fill, sample(fill))
    joined = KeyTable.joined([outside, filled, regenerated, new_pins])
    written = np.concatenate([filled.co, regenerated.co, change.pins]).astype(np.float64)
    return RewriteResult(joined, written[np.argsort(written[:, 0], kind="stable")])


def extends_beyond_keys(change: CurveChange, fcurve: bpy.types.FCurve) -> bool:
    """Return whether the edit would also change frames beyond the keys.

    It does if the curve repeats (Cycles), or extends in a straight line from an end that is regenerated.
    """
    if any(modifier.type == "CYCLES" and not modifier.mute for modifier in fcurve.modifiers):
        return bool(change.regenerate_mask.any())
    if fcurve.extrapolation != "LINEAR":
        return False
    begin, end = (fcurve.keyframe_points[number].co.x for number in (0, -1))
    return any(first <= begin + SAME_TIME or last >= end - SAME_TIME for first, last in change.segments())


def evaluate_without_modifiers(fcurve: bpy.types.FCurve, times: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Return the values (N,) of a curve's keys at `times` (N,), without its modifiers."""
    active = [modifier for modifier in fcurve.modifiers if not modifier.mute]
    for modifier in active:
        modifier.mute = True
    values = evaluate_curves.evaluate_fcurve(fcurve, times)
    for modifier in active:
        modifier.mute = False
    return values


def coincident_mask(times: npt.NDArray, others: npt.NDArray) -> npt.NDArray[np.bool_]:
    """Return which of `times` coincide with one of `others`."""
    return nearest(np.sort(others), times)[1] if len(others) else np.zeros(len(times), bool)


def transition_times(change: CurveChange, keys: KeyTable | KeyPoints) -> npt.NDArray[np.float64]:
    """Return the times (N,) of frames outside the segments whose values would change.

    They are the frames from each segment to the next key, or one frame if there is no key beyond.
    """
    step = change.times[1] - change.times[0] if len(change.times) > 1 else 1.0
    outside = keys.frames[~change.in_segments(keys.frames)].astype(np.float64)
    times = [np.zeros(0)]
    for first, last in change.segments():
        before, after = outside[outside < first], outside[outside > last]
        begin = before[-1] if len(before) else max(change.times[0], first - step) - step / 2
        end = after[0] if len(after) else min(change.times[-1], last + step) + step / 2
        times.append(np.arange(first - step, begin + SAME_TIME, -step))
        times.append(np.arange(last + step, end - SAME_TIME, step))
    fill = np.unique(np.concatenate(times))
    fill = fill[np.append(np.diff(fill) > SAME_TIME, True)[: len(fill)]]
    return fill[~change.in_segments(fill) & ~coincident_mask(fill, outside)]
