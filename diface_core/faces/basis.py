"""Few shapes in place of many: what a motion really uses of the shapes that it is made of."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import linalg

from ..types import Float32Array, Shapes

FloatingArray = npt.NDArray[np.floating]

BLOCK_ROWS = 256
"""Rows whose vertices are held at once."""

ROUNDING = 1e-7
"""Metres, about the rounding of what comes in: there is no tolerance below it."""

TOLERANCE_MARGIN = 0.9
"""Of the tolerance: the rest is left for the rounding of what shows the shapes."""


def reduce_shapes(weights: Float32Array, shapes: Shapes, tolerance: float) -> tuple[Float32Array, Shapes]:
    """The same motion by as few shapes as hold every vertex of every row to `tolerance` (metres): weights (T, K)
    float32, signed, each shape's largest 1 in size, and the shapes, the one that moves most first.

    weights: (T, R), of which `shapes` are the R shapes. Their number K is that of the singular vectors of the motion
    (T, 3 V) that are needed (Eckart and Young 1936); `error` says how near they come. Raises ValueError for weights
    and shapes that do not fit.
    """
    if weights.ndim != 2 or weights.shape[1] != len(shapes.deltas):
        raise ValueError(f"weights must have shape (frames, {len(shapes.deltas)}). Got {weights.shape}.")
    flat = shapes.deltas.reshape(len(shapes.deltas), -1).astype(np.float64)
    if not np.any(weights) or not np.any(flat):
        return np.zeros((len(weights), 1), np.float32), Shapes(_shape_names(1), np.zeros_like(shapes.deltas[:1]))

    # The motion is weights @ flat. In an orthonormal basis of the shapes it is as small as the shapes are few.
    basis, mix = np.linalg.qr(flat.T)
    left, sizes, right = linalg.svd(weights.astype(np.float64) @ mix.T, full_matrices=False)
    left, right = left * sizes, right @ basis.T
    count = _required_count(left, right, max(tolerance, ROUNDING) * TOLERANCE_MARGIN)

    # The sign is as good as any: the one with which the larger weights are positive.
    largest = left[np.argmax(np.abs(left[:, :count]), axis=0), np.arange(count)]
    found = (left[:, :count] / largest).astype(np.float32)
    deltas = (right[:count] * largest[:, None]).astype(np.float32)
    error = _max_error(left[:, count:], right[count:])
    return found, Shapes(_shape_names(count), deltas.reshape(count, *shapes.deltas.shape[1:]), error + shapes.error)


def _required_count(left: FloatingArray, right: FloatingArray, tolerance: float) -> int:
    """How many of the leading shapes are needed, by halving the range: more shapes are never worse but by rounding."""
    fewest, most = 1, len(right)
    while fewest < most:
        middle = (fewest + most) // 2
        if _max_error(left[:, middle:], right[middle:]) <= tolerance:
            most = middle
        else:
            fewest = middle + 1
    return most


def _max_error(left: FloatingArray, right: FloatingArray) -> float:
    """How far (metres) a vertex is off in any row where these shapes are left out."""
    worst = 0.0
    for first in range(0, len(left) if len(right) else 0, BLOCK_ROWS):
        off = left[first : first + BLOCK_ROWS] @ right
        worst = max(worst, float(np.max(np.sum(off.reshape(len(off), -1, 3) ** 2, axis=-1))))
    return worst**0.5


def _shape_names(count: int) -> tuple[str, ...]:
    return tuple(f"shape_{number:02d}" for number in range(1, count + 1))
