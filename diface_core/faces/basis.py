"""Reduce a motion to the few shapes that reproduce it within a tolerance."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..types import Float32Array, Shapes

FloatingArray = npt.NDArray[np.floating]
Float64Array = npt.NDArray[np.float64]

BLOCK_ROWS = 256
"""Rows whose vertices are in memory at once."""

ROUNDING = 1e-7
"""Metres, about the rounding error of the input: smaller tolerances have no effect."""

TOLERANCE_MARGIN = 0.9
"""Fraction of the tolerance that is used: the rest is left for the rounding error of the renderer."""


def reduce_shapes(weights: Float32Array, shapes: Shapes, tolerance: float) -> tuple[Float32Array, Shapes]:
    """Return the same motion expressed by the smallest number of shapes within `tolerance`.

    The number of shapes K is that of the singular vectors of the motion (T, 3 V) that are needed (Eckart and Young
    1936).

    Args:
        weights: (T, R) weights of `shapes`.
        shapes: R shapes.
        tolerance: Largest distance in metres of any vertex in any row.

    Returns:
        Weights (T, K) float32, signed, each shape's largest absolute value 1, and the K shapes in descending order of
        movement; their `error` is the largest distance reached.

    Raises:
        ValueError: Weights and shapes do not match.
    """
    if weights.ndim != 2 or weights.shape[1] != len(shapes.deltas):
        raise ValueError(f"weights must have shape (frames, {len(shapes.deltas)}). Got {weights.shape}.")
    flat = shapes.deltas.reshape(len(shapes.deltas), -1).astype(np.float64)
    if not np.any(weights) or not np.any(flat):
        return np.zeros((len(weights), 1), np.float32), Shapes(_shape_names(1), np.zeros_like(shapes.deltas[:1]))

    # The motion is weights @ flat. In an orthonormal basis of the shapes its size depends on the number of shapes only.
    basis, mix = np.linalg.qr(flat.T)
    unit_left, sizes, unit_right = np.linalg.svd(weights.astype(np.float64) @ mix.T, full_matrices=False)
    left: Float64Array = np.multiply(unit_left, sizes)
    right: Float64Array = np.matmul(unit_right, basis.T)
    count = _required_count(left, right, max(tolerance, ROUNDING) * TOLERANCE_MARGIN)

    # The sign is arbitrary: choose the one with which the larger weights are positive.
    largest = left[np.argmax(np.abs(left[:, :count]), axis=0), np.arange(count)]
    reduced = (left[:, :count] / largest).astype(np.float32)
    deltas = (right[:count] * largest[:, None]).astype(np.float32)
    error = _max_error(left[:, count:], right[count:])
    return reduced, Shapes(_shape_names(count), deltas.reshape(count, *shapes.deltas.shape[1:]), error + shapes.error)


def _required_count(left: FloatingArray, right: FloatingArray, tolerance: float) -> int:
    """Return the number of leading shapes needed, by bisection: more shapes are never worse except for rounding."""
    fewest, most = 1, len(right)
    while fewest < most:
        middle = (fewest + most) // 2
        if _max_error(left[:, middle:], right[middle:]) <= tolerance:
            most = middle
        else:
            fewest = middle + 1
    return most


def _max_error(left: FloatingArray, right: FloatingArray) -> float:
    """Return the largest distance (metres) of a vertex in any row if these shapes are left out."""
    worst = 0.0
    for first in range(0, len(left) if len(right) else 0, BLOCK_ROWS):
        off = left[first : first + BLOCK_ROWS] @ right
        worst = max(worst, float(np.max(np.sum(off.reshape(len(off), -1, 3) ** 2, axis=-1))))
    return worst**0.5


def _shape_names(count: int) -> tuple[str, ...]:
    return tuple(f"shape_{number:02d}" for number in range(1, count + 1))
