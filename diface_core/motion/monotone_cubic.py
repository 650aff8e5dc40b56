"""Monotone cubic interpolation of rows (Fritsch and Carlson 1980; slopes by Fritsch and Butland 1984)."""

from __future__ import annotations

import numpy as np

from ..types import Float64Array


def interpolate_monotone(values: Float64Array, rows: Float64Array) -> Float64Array:
    """Return `values` (T, C) at fractional rows (n,), T >= 2, without overshoot: (n, C)."""
    slopes = _slopes(values)
    below = np.clip(np.floor(rows).astype(int), 0, len(values) - 2)
    x = (rows - below)[:, None]
    rise = values[below + 1] - values[below]
    start, end = slopes[below], slopes[below + 1]
    # The cubic with these values and slopes at 0 and 1.
    return values[below] + x * (start + x * (3 * rise - 2 * start - end + x * (start + end - 2 * rise)))


def _slopes(values: Float64Array) -> Float64Array:
    """Return the slope at each row: the harmonic mean of those on either side, 0 at an extremum."""
    secants = np.diff(values, axis=0)
    slopes = np.zeros_like(values)
    if len(values) == 2:
        slopes[:] = secants
        return slopes
    before, after = secants[:-1], secants[1:]
    same_sign = np.sign(before) * np.sign(after) > 0
    total = np.where(same_sign, before + after, 1.0)
    slopes[1:-1] = np.where(same_sign, 2 * before * (after / total), 0.0)
    slopes[0] = _end_slope(secants[0], secants[1])
    slopes[-1] = _end_slope(secants[-1], secants[-2])
    return slopes


def _end_slope(first: Float64Array, second: Float64Array) -> Float64Array:
    """Return the slope at the end of a curve from its two nearest secants: that of their parabola, limited."""
    slope = (3 * first - second) / 2
    limited = np.where((np.sign(first) != np.sign(second)) & (np.abs(slope) > 3 * np.abs(first)), 3 * first, slope)
    return np.where(np.sign(slope) != np.sign(first), 0.0, limited)
