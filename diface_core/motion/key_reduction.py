"""Few keys with cubic curves between them instead of one key a row, within a bound.

Keys are added where a curve is farthest from its samples, until no row is outside the bound (the idea of Ramer 1972 and
of Douglas and Peucker 1973, with cubics instead of lines). The slopes at the keys are those of the least squares.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..types import BoolArray, Float32Array, Float64Array

SLOPE_WEIGHT = 1e-2
"""Weight of the samples' slope, which decides where no sample lies between two keys."""
BORDER_WEIGHT = 1e6
"""The same at the borders of windows, whose slopes must be those of both windows."""
WINDOW = 360
"""Rows that are reduced at once."""
SWEEPS = 12
"""Gauss-Seidel sweeps of the slopes' equations, whose error falls to about half in each."""


@dataclass(frozen=True)
class Bounds:
    """How far reduced curves may be from their samples.

    Attributes:
        single: (C,) largest difference of each column.
        effects: (C, V, 3) displacement of V points at 1 of each column, or no points.
        joint: Largest distance of a point from where the samples have it, in the unit of `effects`.
    """

    single: Float64Array
    effects: npt.NDArray[np.floating]
    joint: float = np.inf

    def merged(self, number: npt.NDArray[np.intp]) -> Bounds:
        """Return the bounds of G columns, each of which stands for those (C,) that have its number."""
        groups = [number == group for group in range(number.max() + 1)]
        single = np.array([self.single[group].min() for group in groups])
        return Bounds(single, np.stack([self.effects[group].sum(axis=0) for group in groups]), self.joint)


@dataclass(frozen=True)
class ReducedKeys:
    """The keys that remain of T rows and C columns.

    Attributes:
        is_key: (T, C) bool.
        slopes: (T, C) float32, change of the value in a row, at the keys; 0 elsewhere.
    """

    is_key: BoolArray
    slopes: Float32Array


@dataclass(frozen=True)
class _Window:
    """Some rows: the samples (C, T), their slopes (C, T), and the weights (T,) of these."""

    columns: Float64Array
    sampled: Float64Array
    weights: Float64Array

    def select(self, chosen: npt.NDArray[np.intp]) -> _Window:
        """Return some columns."""
        return _Window(self.columns[chosen], self.sampled[chosen], self.weights)


def reduce_keys(values: npt.NDArray[np.floating], bounds: Bounds, fixed: BoolArray) -> ReducedKeys:
    """Return the keys whose cubic curves stay within the bounds of all samples.

    Args:
        values: (T, C) samples, one a row, T >= 2.
        bounds: The bounds.
        fixed: (T, C) bool, samples that stay keys. The first and the last row are keys in any case, and every WINDOW
            rows, so that the time grows with the length and no faster.
    """
    is_key, slopes = np.zeros(values.shape, bool), np.zeros(values.shape, np.float32)
    sampled, weights = np.gradient(values.astype(np.float64), axis=0), np.full(len(values), SLOPE_WEIGHT)
    weights[WINDOW:-1:WINDOW] = BORDER_WEIGHT
    for begin in range(0, len(values) - 1, WINDOW):
        rows = slice(begin, begin + WINDOW + 1)
        window = _Window(values[rows].T.astype(np.float64), sampled[rows].T, weights[rows])
        is_key[rows], slopes[rows] = _reduce_window(window, bounds, fixed[rows])
    return ReducedKeys(is_key, slopes)


def _reduce_window(window: _Window, bounds: Bounds, fixed: BoolArray) -> tuple[BoolArray, Float64Array]:
    """Return the keys (T, C) and the slopes (T, C) of one window."""
    columns, is_key = window.columns, np.ascontiguousarray(fixed.T)
    is_key[:, [0, -1]] = True
    slopes, error = np.zeros_like(columns), np.zeros_like(columns)
    new = is_key
    while new.any():
        is_key |= new
        changed = np.flatnonzero(new.any(axis=1))  # the curves of other columns stay
        keys = is_key[changed]
        slopes[changed] = _slopes(window.select(changed), keys)
        error[changed] = _curves(columns[changed], slopes[changed], keys) - columns[changed]
        new = np.zeros_like(is_key)
        new[changed] = _farthest(np.abs(error[changed]) / bounds.single[changed, None], keys)
        if not new.any():
            new = _farthest_together(error, bounds) & ~is_key
    return is_key.T, slopes.T


def interpolate_keys(values: npt.NDArray[np.floating], keys: ReducedKeys) -> Float64Array:
    """Return the curves (T, C) through the `values` (T, C) at the keys."""
    columns, slopes = values.T.astype(np.float64), keys.slopes.T.astype(np.float64)
    return _curves(columns, slopes, np.ascontiguousarray(keys.is_key.T)).T


def _neighbours(is_key: BoolArray) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the rows of the keys before and after each row; those at a key are the row itself. All (C, T)."""
    rows = np.arange(is_key.shape[1])
    before = np.maximum.accumulate(np.where(is_key, rows, 0), axis=1)
    after = np.minimum.accumulate(np.where(is_key, rows, rows[-1])[:, ::-1], axis=1)[:, ::-1]
    return before, after


def _curves(columns: Float64Array, slopes: Float64Array, is_key: BoolArray) -> Float64Array:
    """Return the cubics (C, T) with the values and slopes of the columns at the keys."""
    before, after = _neighbours(is_key)
    length = np.maximum(after - before, 1)
    x = (np.arange(is_key.shape[1]) - before) / length
    start, end = np.take_along_axis(columns, before, 1), np.take_along_axis(columns, after, 1)
    first = np.take_along_axis(slopes, before, 1) * length
    last = np.take_along_axis(slopes, after, 1) * length
    rise = end - start
    return start + x * (first + x * (3 * rise - 2 * first - last + x * (first + last - 2 * rise)))


def _slopes(window: _Window, is_key: BoolArray) -> Float64Array:
    """Return the slopes (C, T) at the keys for which the curves fit the samples best; 0 elsewhere.

    The normal equations couple each slope with those of the keys before and after it.
    """
    columns = window.columns
    key_columns, key_rows = np.nonzero(is_key)
    part = np.cumsum(is_key.ravel()) - 1  # the last key up to each sample, of all columns in one row
    before, after = _neighbours(is_key)
    length = np.maximum(after - before, 1)
    x = (np.arange(is_key.shape[1]) - before) / length
    start, end = np.take_along_axis(columns, before, 1), np.take_along_axis(columns, after, 1)
    rest = (columns - start - (end - start) * x * x * (3 - 2 * x)).ravel()
    of_first, of_last = (x * (1 - x) ** 2 * length).ravel(), (x * x * (x - 1) * length).ravel()

    count = len(key_rows)
    first, last, both, to_first, to_last = (
        np.bincount(part, product, count).astype(np.float64)
        for product in (of_first**2, of_last**2, of_first * of_last, of_first * rest, of_last * rest)
    )
    sampled, weight = window.sampled[key_columns, key_rows], window.weights[key_rows]
    diagonal, right = first + weight, to_first + weight * sampled
    diagonal[1:] += last[:-1]
    right[1:] += to_last[:-1]
    slopes = np.zeros_like(columns)
    slopes[key_columns, key_rows] = _solve(diagonal, both, right, sampled)
    return slopes


def _solve(diagonal: Float64Array, coupling: Float64Array, right: Float64Array, start: Float64Array) -> Float64Array:
    """Return the solution (N,) of a tridiagonal system, `coupling` (N,) being that of each key with the next."""
    # The last key of a column has no sample after it, so that nothing couples it with the next column.
    solution = start.copy()
    for _sweep in range(SWEEPS):
        for parity in (0, 1):
            others = np.zeros_like(solution)
            others[:-1] += coupling[:-1] * solution[1:]
            others[1:] += coupling[:-1] * solution[:-1]
            solution[parity::2] = ((right - others) / diagonal)[parity::2]
    return solution


def _farthest(error: Float64Array, is_key: BoolArray) -> BoolArray:
    """Return the row of the largest error (C, T) between each two keys, if it is above 1."""
    flat, starts = error.ravel(), np.flatnonzero(is_key)
    largest = np.maximum.reduceat(flat, starts)
    part = np.cumsum(is_key.ravel()) - 1
    rows = np.flatnonzero((flat > 1.0) & (flat == largest[part]))
    _parts, first = np.unique(part[rows], return_index=True)
    chosen = np.zeros(error.size, bool)
    chosen[rows[first]] = True
    return chosen.reshape(error.shape)


def _farthest_together(error: Float64Array, bounds: Bounds) -> BoolArray:
    """Return, in rows where a point is too far, the column (C, T) whose error moves a point farthest."""
    chosen = np.zeros(error.shape, bool)
    if not bounds.effects.shape[1]:
        return chosen
    reach = np.linalg.norm(bounds.effects, axis=2).max(axis=1)
    rows = np.flatnonzero(reach @ np.abs(error) > bounds.joint)
    distance = np.linalg.norm(np.tensordot(error[:, rows].T, bounds.effects, 1), axis=2).max(axis=1)
    rows = rows[distance > bounds.joint]
    chosen[np.argmax(np.abs(error[:, rows]) * reach[:, None], axis=0), rows] = True
    return chosen
