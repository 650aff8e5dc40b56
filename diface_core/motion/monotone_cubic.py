"""Monotone cubic interpolation of rows (Fritsch and Carlson 1980; slopes by Fritsch and Butland 1984)."""

from __future__ import annotations

import numpy as np

from ..types import Float64Array


def interpolate_monotone(values: Float64Array, rows: Float64Array) -> Float64Array:
    """Return `values` (T, C) at fractional rows (n,), T >= 2, without overshoot: (n, C)."""
    return interpolate_uneven(values, np.arange(len(values), dtype=np.float64), rows)


def interpolate_uneven(values: Float64Array, times: Float64Array, wanted: Float64Array) -> Float64Array:
    """Return `values` (T, C) of rows at increasing `times` (T,) at times `wanted` (n,), without overshoot: (n, C)."""
    if len(values) == 1:
        return np.repeat(values, len(wanted), axis=0)
    steps = np.diff(times)[:, None]
    slopes = _slopes(np.diff(values, axis=0) / steps, steps)
    below = np.clip(np.searchsorted(times, wanted, side="right") - 1, 0, len(values) - 2)
    step = steps[below]
    x = (wanted - times[below])[:, None] / step
    rise = values[below + 1] - values[below]
    start, end = step * slopes[below], step * slopes[below + 1]
    # The cubic with these values and slopes at 0 and 1.
    return values[below] + x * (start + x * (3 * rise - 2 * start - end + x * (start + end - 2 * rise)))


def _slopes(secants: Float64Array, steps: Float64Array) -> Float64Array:
    """Return the slope (T, C) at each row: a harmonic mean of the secants (T - 1, C) beside it, 0 at an extremum."""
    slopes = np.zeros((len(secants) + 1, secants.shape[1]))
    if len(secants) == 1:
        slopes[:] = secants
        return slopes
    before, after = secants[:-1], secants[1:]
    share = (2 * steps[1:] + steps[:-1]) / (3 * (steps[1:] + steps[:-1]))
    same_sign = np.sign(before) * np.sign(after) > 0
    total = np.where(same_sign, share * after + (1 - share) * before, 1.0)
    slopes[1:-1] = np.where(same_sign, before * (after / total), 0.0)
    slopes[0] = _end_slope(secants[0], secants[1], steps[0], steps[1])
    slopes[-1] = _end_slope(secants[-1], secants[-2], steps[-1], steps[-2])
    return slopes


def _end_slope(first: Float64Array, second: Float64Array, step: Float64Array, next_step: Float64Array) -> Float64Array:
    """Return the slope at the end of a curve from its two nearest secants: that of their parabola, limited."""
    slope = ((2 * step + next_step) * first - step * second) / (step + next_step)
    limited = np.where((np.sign(first) != np.sign(second)) & (np.abs(slope) > 3 * np.abs(first)), 3 * first, slope)
    return np.where(np.sign(slope) != np.sign(first), 0.0, limited)
