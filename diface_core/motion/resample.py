"""Resampling of a Motion and of its constraints to another frame rate: every value keeps its time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np

from ..runtime.sliding_windows import sliding_windows
from ..types import BoolArray, Constraints, Float32Array, Float64Array, FrameRate, Motion, Pins
from .monotone_cubic import interpolate_monotone
from .warp import boundary_mask


def resample_motion(motion: Motion, rate: FrameRate, rows: int) -> Motion:
    """Return the motion in `rows` rows at `rate`, row r at r / rate seconds; after its last row it is constant.

    Monotone cubic interpolation (Fritsch and Carlson 1980) passes through every row and never overshoots, so that
    weights keep their range and closed lips stay closed. A low-pass filter before downsampling to 24 fps would open
    them: a closure lasts two or three rows. Equal rates give equal values.
    """
    if not len(motion):
        raise ValueError("motion must have at least one row. Got 0.")
    parts = list(resample_stream([motion.values], motion.rate, rate, rows))
    return Motion(np.concatenate(parts), motion.channels, rate)


def resample_stream(parts: Iterable[Float32Array], old: FrameRate, new: FrameRate, rows: int) -> Iterator[Float32Array]:
    """Yield `resample_motion` of values (n, C) that come in parts, at least one row in total."""
    equal = math.isclose(old.value, new.value, rel_tol=1e-9)
    interpolate = _take_rows if equal else _interpolate_cubic
    step = 1.0 if equal else old.value / new.value
    done, last = 0, None
    # A row depends on two rows on either side: one for the curve, and one more for its slopes.
    for window in sliding_windows(parts, context_rows=0 if equal else 2):
        begin = window.first - window.valid.start
        end = min(rows, math.ceil((begin + window.valid.stop) / step))
        last = window.rows[-1:]
        if end > done:
            old_rows = np.minimum(np.arange(done, end) * step, begin + len(window.rows) - 1)
            yield interpolate(window.rows, begin, old_rows)
            done = end
    if last is not None and done < rows:
        yield np.repeat(last, rows - done, axis=0)


def _take_rows(values: Float32Array, first_row: int, rows: Float64Array) -> Float32Array:
    return values[rows.astype(int) - first_row]


def _interpolate_cubic(values: Float32Array, first_row: int, rows: Float64Array) -> Float32Array:
    """Values at fractional rows; `values` begins at `first_row`."""
    if len(values) == 1:
        return np.repeat(values, len(rows), axis=0)
    return interpolate_monotone(values.astype(np.float64), rows - first_row).astype(np.float32)


def sample_at_rows(values: Float32Array, first_row: int, rows: Float64Array) -> Float32Array:
    """Return values at fractional rows (m,), as `resample_motion`; `values` (n, C) begins at `first_row`."""
    if np.array_equal(rows, np.rint(rows)):
        return _take_rows(values, first_row, rows)
    return _interpolate_cubic(values, first_row, rows)


def resample_constraints(
    constraints: Constraints, old: FrameRate, new: FrameRate, rows: int, first: int = 0
) -> Constraints:
    """Return the constraints in `rows` rows at rate `new` from row `first` on.

    A new row between two known ones is known, with their mean by time. Known values at the boundary of a known segment
    or alone, and all pins, become pins at their times, which may be between new rows. A pin belongs to the row before
    it.
    """
    scale = new.value / old.value
    values, known_mask = _resample_known(constraints, (first + np.arange(rows)) / scale)

    # Of the old rows only those around the new ones.
    begin, end = max(0, math.floor((first - 1) / scale)), math.ceil((first + rows + 1) / scale) + 1
    row, channel = np.nonzero(boundary_mask(constraints.known_mask, begin, end))
    boundary_values = np.nan_to_num(constraints.values[begin:end][row, channel])
    pins = constraints.pins[~_pins_on_known(constraints)]
    times = np.concatenate([(begin + row) * scale, pins.row * scale]) - first
    times = np.where(np.abs(times - np.rint(times)) < 1e-6, np.rint(times), times)
    channel = np.concatenate([channel, pins.channel]).astype(np.int32)
    value = np.concatenate([boundary_values, pins.value])
    on_known = known_mask[np.clip(np.rint(times), 0, rows - 1).astype(int), channel] & (times == np.rint(times))
    used = (times >= 0) & (times < rows) & ~on_known
    pins = Pins(times[used], channel[used], value[used].astype(np.float32))
    return Constraints(values, known_mask, pins, constraints.falloff * scale, constraints.keep_motion)


def _resample_known(constraints: Constraints, old_rows: Float64Array) -> tuple[Float32Array, BoolArray]:
    """Values and known mask (T, C) at fractional rows (T,) of the constraints."""
    last = len(constraints.known_mask) - 1
    below = np.clip(np.floor(old_rows + 1e-6).astype(int), 0, max(last, 0))
    above = np.clip(np.ceil(old_rows - 1e-6).astype(int), 0, max(last, 0))
    part = np.clip(old_rows - below, 0, 1)[:, None].astype(np.float32)
    inside = (old_rows <= last + 1e-6)[:, None]
    first, second = (np.nan_to_num(constraints.values[at]) for at in (below, above))
    values = (first * (1 - part) + second * part).astype(np.float32)
    return values, constraints.known_mask[below] & constraints.known_mask[above] & inside


def _pins_on_known(constraints: Constraints) -> BoolArray:
    """Mask (N,) of the pins on a known value, which has priority."""
    row = np.clip(np.rint(constraints.pins.row).astype(int), 0, max(len(constraints.known_mask) - 1, 0))
    return (row == constraints.pins.row) & constraints.known_mask[row, constraints.pins.channel]
