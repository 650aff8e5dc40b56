"""Nearest neighbours among points with normals, by blocks of dense distances."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float64Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer]

BLOCK = 1_000_000  # distances at a time: they stay in the processor's cache


def nearest_points(queries: Float64Array, points: Float64Array) -> tuple[IntArray, Float64Array]:
    """Return the index (N,) of the nearest of `points` (M, D) for each of `queries` (N, D), and its distance (N,)."""
    centre = points.mean(axis=0)
    far, near = (points - centre).astype(np.float32), (queries - centre).astype(np.float32)
    # |far|^2 - 2 near far, which orders the points as their distances do, as one product.
    near = np.c_[near, np.ones(len(near), np.float32)]
    products = np.concatenate([-2 * far.T, (far**2).sum(axis=1)[None]])
    index = np.empty(len(near), np.int64)
    step = max(1, BLOCK // len(far))
    for start in range(0, len(near), step):
        index[start : start + step] = (near[start : start + step] @ products).argmin(axis=1)
    return index, np.linalg.norm(queries - points[index], axis=1)


def oriented(points: Float64Array, normals: Float64Array, weight: float) -> Float64Array:
    """Return points (N, 6) whose distances also count differences of the normals, times `weight` (m)."""
    return np.concatenate([points, weight * normals], axis=1)


def near_box(points: Float64Array, box_of: Float64Array, margin: float) -> npt.NDArray[np.bool_]:
    """Return which of `points` (N, 3) are within `margin` of the box around `box_of` (M, 3)."""
    return ((points > box_of.min(axis=0) - margin) & (points < box_of.max(axis=0) + margin)).all(axis=1)
