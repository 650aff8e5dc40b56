"""Patches of a surface: vertices joined along short edges, for questions that need no more resolution than that."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float64Array = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]


def surface_patches(vertices: Float64Array, edges: Int32Array, size: float) -> Int32Array:
    """Return the vertex (V,) in the middle of the patch that each vertex belongs to, itself for most of a coarse mesh.

    Patches grow along edges only: surfaces that touch without a common edge, such as lips, stay apart. Neighbouring
    middles are at least `size` apart.

    Args:
        vertices: (V, 3).
        edges: (E, 2).
        size: Edges between middles that are shorter than this are removed.
    """
    middle = np.arange(len(vertices), dtype=np.int32)
    one, other = edges.T
    while True:
        length = np.linalg.norm(vertices[one] - vertices[other], axis=1)
        short = length < size
        if not short.any():
            return middle
        # Pairs of vertices that are each other's nearest become one.
        order = np.flatnonzero(short)[np.argsort(-length[short], kind="stable")]
        nearest = np.full(len(vertices), -1)
        nearest[np.stack([one[order], other[order]], axis=1).ravel()] = np.repeat(order, 2)
        mutual = order[(nearest[one[order]] == order) & (nearest[other[order]] == order)]
        target = np.arange(len(vertices), dtype=np.int32)
        target[other[mutual]] = one[mutual]
        middle = target[middle]
        one, other = _distinct(target[one], target[other], len(vertices))


def _distinct(one: Int32Array, other: Int32Array, count: int) -> tuple[Int32Array, Int32Array]:
    """Return the edges between different vertices, each once."""
    low, high = np.minimum(one, other), np.maximum(one, other)
    codes = np.unique((low.astype(np.int64) * count + high)[low != high])
    return (codes // count).astype(np.int32), (codes % count).astype(np.int32)
