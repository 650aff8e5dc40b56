"""The channels of properties that are sums of them: values = offsets + matrix @ channels, solved for the channels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
SMALLEST = 1e-9
"""Singular values, relative to the largest, that count as 0."""
INDEPENDENT = (0.3, 0.03, 1e-5)
"""Share of a row that no other rows say, from which it is taken: in one round after the other."""
NEGATIVE = -1e-9
"""Values of channels below it are negative."""


def independent_rows(matrix: FloatArray) -> list[int]:
    """Return the rows of a matrix (A, C) that determine as many channels as all rows do.

    Of rows that say the same, those with the fewest channels are taken, and then the first.
    """
    if len(matrix) == 1:
        return [0] if matrix.any() else []
    order = sorted(range(len(matrix)), key=lambda row: np.count_nonzero(matrix[row]))
    sizes = np.linalg.norm(matrix, axis=1)
    basis: list[FloatArray] = []
    chosen: list[int] = []
    for least in INDEPENDENT:  # rows that say much that is new first, so that rounded values do not matter
        for row in order:
            if row in chosen or sizes[row] <= SMALLEST * sizes.max():
                continue
            rest = _without(matrix[row] / sizes[row], basis)
            size = float(np.linalg.norm(rest))
            if size > least:
                basis.append(rest / size)
                chosen.append(row)
    return sorted(chosen)


def _without(row: FloatArray, basis: list[FloatArray]) -> FloatArray:
    """Return what a row (C,) has beside orthogonal unit rows: they are taken off twice, as rounding leaves a little."""
    for axis in (*basis, *basis):
        row = row - (row @ axis) * axis
    return row


def nearest_channels(matrix: FloatArray, sums: FloatArray, near: FloatArray) -> FloatArray:
    """Return the channels (T, C) nearest to `near` (T, C) whose sums `matrix` (A, C) @ channels are `sums` (T, A).

    Where the sums leave a choice, no channel is negative: of two channels with gains of opposite signs one is 0, and
    channels with gains of one sign share the sum by their gains. Sums that no channels have are met as well as
    possible.
    """
    if matrix.shape == (1, 1) and matrix[0, 0]:
        return sums / matrix[0, 0]
    used = np.flatnonzero(np.abs(matrix).max(axis=0, initial=0.0) > 0)
    found = near.copy()
    if not len(used):
        return found
    of_used, rest = matrix[:, used], sums - near @ matrix.T
    found[:, used] += rest @ np.linalg.pinv(of_used, SMALLEST).T
    if np.linalg.matrix_rank(of_used) < len(used):
        found[:, used] = _without_negative(of_used, sums, near[:, used], found[:, used])
    return found


def _without_negative(matrix: FloatArray, sums: FloatArray, near: FloatArray, found: FloatArray) -> FloatArray:
    """Return `found` (T, C) with rows solved again, each time without the channel that is most negative.

    A row without any solution but negative ones stays as it is.
    """
    first, found = found, found.copy()
    is_free = np.ones(found.shape, bool)
    for _ in range(found.shape[1]):
        rows = np.flatnonzero(((found < NEGATIVE) & is_free).any(axis=1))
        if not len(rows):
            break
        is_free[rows, found[rows].argmin(axis=1)] = False
        for pattern in np.unique(is_free[rows], axis=0):
            same = rows[(is_free[rows] == pattern).all(axis=1)]
            fixed = np.where(pattern, near[same], 0.0)
            part = matrix[:, pattern]
            solved = (sums[same] - fixed @ matrix.T) @ np.linalg.pinv(part, SMALLEST).T if pattern.any() else 0.0
            fixed[:, pattern] += solved
            found[same] = fixed
    worse = np.abs(found @ matrix.T - sums).max(axis=1) > np.abs(first @ matrix.T - sums).max(axis=1) + 1e-6
    found[worse] = first[worse]
    return found
