"""A Motion, and what the artist wants kept of it, at another frame rate: every value at the time it had."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
from scipy.interpolate import PchipInterpolator

from .types import Constraints, FloatArray, FrameRate, Motion
from .windows import windows


def resample(motion: Motion, rate: FrameRate, rows: int) -> Motion:
    """The same motion in `rows` rows at `rate`, row r at r / rate seconds; beyond its last row it holds still.

    Monotone cubic interpolation (Fritsch and Carlson 1980) passes through every row and never overshoots, so that
    weights keep their range and closed lips stay closed. A low-pass filter before going down to 24 rows a second would
    open them: a closure lasts two or three rows. Equal rates give equal values.
    """
    if not len(motion):
        raise ValueError("motion must have at least one row. Got none.")
    parts = list(resampled([motion.values], motion.rate, rate, rows))
    return Motion(np.concatenate(parts), motion.channels, rate)


def resampled(parts: Iterable[FloatArray], old: FrameRate, new: FrameRate, rows: int) -> Iterator[FloatArray]:
    """`resample` for values (n, C) that come in parts, at least one row in all: equal to the whole."""
    equal = math.isclose(old.value, new.value, rel_tol=1e-9)
    between = _straight if equal else _cubic
    step = 1.0 if equal else old.value / new.value
    done, last = 0, None
    # A row depends on two rows to each side: one for the curve, and one more for its slopes.
    for window in windows(parts, reach=0 if equal else 2):
        begin = window.first - window.inner.start
        end = min(rows, math.ceil((begin + window.inner.stop) / step))
        last = window.rows[-1:]
        if end > done:
            at = np.minimum(np.arange(done, end) * step, begin + len(window.rows) - 1)
            yield between(window.rows, begin, at)
            done = end
    if last is not None and done < rows:
        yield np.repeat(last, rows - done, axis=0)


def _straight(values: FloatArray, begin: int, at: FloatArray) -> FloatArray:
    return values[at.astype(int) - begin]


def _cubic(values: FloatArray, begin: int, at: FloatArray) -> FloatArray:
    """Values at the rows `at`, of which the first one given is row `begin`."""
    if len(values) == 1:
        return np.repeat(values, len(at), axis=0)
    return PchipInterpolator(np.arange(begin, begin + len(values)), values)(at).astype(np.float32)


def resample_constraints(kept: Constraints, old: FrameRate, new: FrameRate, rows: int, first: int = 0) -> Constraints:
    """The same wishes in `rows` rows at `new` from row `first` on: between two kept rows their mean by time, else the
    nearest row."""
    scale = new.value / old.value
    values = np.zeros((rows, kept.values.shape[1]), np.float32)
    keep = np.zeros(values.shape, bool)

    # Of the old rows only those around the new ones.
    begin = max(0, math.floor((first - 1) / scale))
    some = slice(begin, math.ceil((first + rows + 1) / scale) + 1)
    nearest = np.rint((begin + np.arange(len(kept.keep[some]))) * scale).astype(int) - first
    row, column = np.nonzero(kept.keep[some] & ((nearest >= 0) & (nearest < rows))[:, None])
    values[nearest[row], column] = kept.values[some][row, column]
    keep[nearest[row], column] = True

    at = (first + np.arange(rows)) / scale
    below = np.floor(at).astype(int)
    inside = below + 1 < len(kept.keep)
    below, part = below[inside], (at - below)[inside, None].astype(np.float32)
    between = kept.keep[below] & kept.keep[below + 1]
    mean = kept.values[below] * (1 - part) + kept.values[below + 1] * part
    values[inside] = np.where(between, mean, values[inside])
    keep[inside] |= between
    return Constraints(values, keep)
