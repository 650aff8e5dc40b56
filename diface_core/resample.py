"""A Motion, and what the artist wants kept of it, at another frame rate: every value at the time it had."""

from __future__ import annotations

import math

import numpy as np
from scipy.interpolate import PchipInterpolator

from .types import Constraints, FrameRate, Motion


def resample(motion: Motion, rate: FrameRate, rows: int) -> Motion:
    """The same motion in `rows` rows at `rate`, row r at r / rate seconds; beyond its last row it holds still.

    Monotone cubic interpolation (Fritsch and Carlson 1980) passes through every row and never overshoots, so that
    weights keep their range and closed lips stay closed. A low-pass filter before going down to 24 rows a second would
    open them: a closure lasts two or three rows. Equal rates give equal values.
    """
    if not len(motion):
        raise ValueError("motion must have at least one row. Got none.")
    last = len(motion) - 1
    if len(motion) == 1 or math.isclose(rate.value, motion.rate.value, rel_tol=1e-9):
        return Motion(motion.values[np.minimum(np.arange(rows), last)], motion.channels, rate)

    at = np.minimum(np.arange(rows) * (motion.rate.value / rate.value), last)
    values = np.empty((rows, len(motion.channels)), np.float32)
    # One column at a time: half an hour of all of them in float64 would be hundreds of megabytes.
    for column in range(values.shape[1]):
        values[:, column] = PchipInterpolator(np.arange(last + 1), motion.values[:, column])(at)
    return Motion(values, motion.channels, rate)


def resample_constraints(kept: Constraints, old: FrameRate, new: FrameRate, rows: int) -> Constraints:
    """The same wishes in `rows` rows at `new`: between two kept rows their mean by time, else the nearest row."""
    scale = new.value / old.value
    values = np.zeros((rows, kept.values.shape[1]), np.float32)
    keep = np.zeros(values.shape, bool)

    nearest = np.rint(np.arange(len(kept.keep)) * scale).astype(int)
    row, column = np.nonzero(kept.keep & (nearest < rows)[:, None])
    values[nearest[row], column] = kept.values[row, column]
    keep[nearest[row], column] = True

    at = np.arange(rows) / scale
    below = np.floor(at).astype(int)
    inside = below + 1 < len(kept.keep)
    below, part = below[inside], (at - below)[inside, None].astype(np.float32)
    between = kept.keep[below] & kept.keep[below + 1]
    mean = kept.values[below] * (1 - part) + kept.values[below + 1] * part
    values[inside] = np.where(between, mean, values[inside])
    keep[inside] |= between
    return Constraints(values, keep)
