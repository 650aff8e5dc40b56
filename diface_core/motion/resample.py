"""A Motion, and what the artist wants kept of it, at another frame rate: every value at the time it had."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
from scipy.interpolate import PchipInterpolator

from ..runtime.sliding_windows import sliding_windows
from ..types import BoolArray, Constraints, Float32Array, FrameRate, Motion, Pins

Float64Array = npt.NDArray[np.float64]


def resample_motion(motion: Motion, rate: FrameRate, rows: int) -> Motion:
    """The same motion in `rows` rows at `rate`, row r at r / rate seconds; beyond its last row it holds still.

    Monotone cubic interpolation (Fritsch and Carlson 1980) passes through every row and never overshoots, so that
    weights keep their range and closed lips stay closed. A low-pass filter before going down to 24 rows a second would
    open them: a closure lasts two or three rows. Equal rates give equal values.
    """
    if not len(motion):
        raise ValueError("motion must have at least one row. Got none.")
    parts = list(resample_stream([motion.values], motion.rate, rate, rows))
    return Motion(np.concatenate(parts), motion.channels, rate)


def resample_stream(parts: Iterable[Float32Array], old: FrameRate, new: FrameRate, rows: int) -> Iterator[Float32Array]:
    """`resample` for values (n, C) that come in parts, at least one row in all: equal to the whole."""
    equal = math.isclose(old.value, new.value, rel_tol=1e-9)
    between = _take_rows if equal else _interpolate_cubic
    step = 1.0 if equal else old.value / new.value
    done, last = 0, None
    # A row depends on two rows to each side: one for the curve, and one more for its slopes.
    for window in sliding_windows(parts, context_rows=0 if equal else 2):
        begin = window.first - window.valid.start
        end = min(rows, math.ceil((begin + window.valid.stop) / step))
        last = window.rows[-1:]
        if end > done:
            at = np.minimum(np.arange(done, end) * step, begin + len(window.rows) - 1)
            yield between(window.rows, begin, at)
            done = end
    if last is not None and done < rows:
        yield np.repeat(last, rows - done, axis=0)


def _take_rows(values: Float32Array, first_row: int, rows: Float64Array) -> Float32Array:
    return values[rows.astype(int) - first_row]


def _interpolate_cubic(values: Float32Array, first_row: int, rows: Float64Array) -> Float32Array:
    """Values at the rows `at`, of which the first one given is row `begin`."""
    if len(values) == 1:
        return np.repeat(values, len(rows), axis=0)
    return PchipInterpolator(np.arange(first_row, first_row + len(values)), values)(rows).astype(np.float32)


def sample_at_rows(values: Float32Array, first_row: int, rows: Float64Array) -> Float32Array:
    """Values (n, C) of rows from `begin` on, at the rows `at` (m,), fractions allowed: as `resample` has them."""
    if np.array_equal(rows, np.rint(rows)):
        return _take_rows(values, first_row, rows)
    return _interpolate_cubic(values, first_row, rows)


def resample_constraints(
    constraints: Constraints, old: FrameRate, new: FrameRate, rows: int, first: int = 0
) -> Constraints:
    """The same wishes in `rows` rows at `new` from row `first` on.

    A new row between two kept ones is kept, at their mean by time. What is kept at the border of a stretch, or alone,
    and every pin is a pin at its own time, which may be between the new rows. Pins belong to the rows that they follow.
    """
    scale = new.value / old.value
    at = (first + np.arange(rows)) / scale
    below = np.clip(np.floor(at + 1e-6).astype(int), 0, max(len(constraints.known_mask) - 1, 0))
    above = np.clip(np.ceil(at - 1e-6).astype(int), 0, max(len(constraints.known_mask) - 1, 0))
    part = np.clip(at - below, 0, 1)[:, None].astype(np.float32)
    inside = (at <= len(constraints.known_mask) - 1 + 1e-6)[:, None]
    known = np.nan_to_num(constraints.values)
    values = known[below] * (1 - part) + known[above] * part
    keep = constraints.known_mask[below] & constraints.known_mask[above] & inside

    # Of the old rows only those around the new ones.
    own = constraints.pins[~_pins_on_known(constraints)]
    begin, end = max(0, math.floor((first - 1) / scale)), math.ceil((first + rows + 1) / scale) + 1
    row, channel = np.nonzero(_boundary_mask(constraints.known_mask, begin, end))
    times = np.concatenate([(begin + row) * scale, own.row * scale]) - first
    times = np.where(np.abs(times - np.rint(times)) < 1e-6, np.rint(times), times)
    channel = np.concatenate([channel, own.channel]).astype(np.int32)
    value = np.concatenate([known[begin:end][row, channel[: len(row)]], own.value])
    mine = (times >= 0) & (times < rows)
    on_kept = keep[np.clip(np.rint(times), 0, rows - 1).astype(int), channel] & (times == np.rint(times))
    pins = Pins(times[mine & ~on_kept], channel[mine & ~on_kept], value[mine & ~on_kept].astype(np.float32))
    return Constraints(values, keep, pins, constraints.falloff * scale, constraints.keep_motion)


def _pins_on_known(constraints: Constraints) -> BoolArray:
    """The pins that stand on a kept value, which counts."""
    row = np.clip(np.rint(constraints.pins.row).astype(int), 0, max(len(constraints.known_mask) - 1, 0))
    return (row == constraints.pins.row) & constraints.known_mask[row, constraints.pins.channel]


def _boundary_mask(known_mask: BoolArray, begin: int, end: int) -> BoolArray:
    """Of the rows `begin` to `end` the kept values with one beside them that is not kept."""
    around = known_mask[max(0, begin - 1) : end + 1]
    padded = np.pad(around, ((1, 1), (0, 0)), mode="edge")
    both = padded[:-2] & padded[2:]
    return (around & ~both)[begin - max(0, begin - 1) :][: end - begin]
