"""Winograd's minimal filtering F(4, 3): four rows of a convolution over three by six products instead of twelve.

Shmuel Winograd, Arithmetic Complexity of Computations (1980); for networks: Lavin & Gray, arXiv 1509.09308. The result
equals the plain convolution up to rounding.
"""

from __future__ import annotations

import numpy as np

from ...types import Float32Array

TILE = 4
"""Rows that one tile computes."""

POINTS = TILE + 2
"""Products per tile; also the rows that it reads."""

INPUT_TRANSFORM = np.array(
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ],
    np.float32,
)
"""(POINTS, rows that a tile reads)."""

OUTPUT_TRANSFORM = np.array(
    [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]], np.float32
)
"""(TILE, POINTS)."""

_WEIGHT_TRANSFORM = np.array(
    [[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]], np.float64
) / np.array([[24]])


def transform_weight(weight: Float32Array) -> Float32Array:
    """Return the matrices (POINTS, inputs, outputs) of a convolution's weight (outputs, inputs, 3)."""
    return np.einsum("pk,oik->pio", _WEIGHT_TRANSFORM, weight.astype(np.float64)).astype(np.float32)
