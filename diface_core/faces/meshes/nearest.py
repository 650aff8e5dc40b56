"""Nearest neighbours among points with normals, by blocks of dense distances."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float64Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer]

BLOCK = 8_000_000  # distances at a time


def nearest_points(queries: Float64Array, points: Float64Array) -> tuple[IntArray, Float64Array]:
    """Return the index (N,) of the nearest of `points` (M, D) for each of `queries` (N, D), and its distance (N,)."""
    centre = points.mean(axis=0)
    far, near = (points - centre).astype(np.float32), (queries - centre).astype(np.float32)
    squares = (far**2).sum(axis=1)
    index = np.empty(len(near), np.int64)
    step = max(1, BLOCK // len(far))
    for start in range(0, len(near), step):
        block = near[start : start + step]
        index[start : start + step] = (squares - 2 * block @ far.T).argmin(axis=1)
    return index, np.linalg.norm(queries - points[index], axis=1)


def oriented(points: Float64Array, normals: Float64Array, weight: float) -> Float64Array:
    """Return points (N, 6) whose distances also count differences of the normals, times `weight` (m)."""
    return np.concatenate([points, weight * normals], axis=1)


def sample_surface(
    vertices: Float64Array, faces: npt.NDArray[np.int32], count: int, seed: int = 0
) -> tuple[Float64Array, Float64Array]:
    """Return `count` points (N, 3) spread evenly over a surface, and their normals (N, 3)."""
    corners = vertices[faces]
    outward = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    areas = np.linalg.norm(outward, axis=1)
    random = np.random.default_rng(seed)
    run = np.cumsum(areas)
    chosen = np.searchsorted(run, (np.arange(count) + random.random(count)) / count * run[-1]).clip(0, len(faces) - 1)
    a, b = random.random((2, count))
    a, b = np.where(a + b > 1, 1 - a, a), np.where(a + b > 1, 1 - b, b)
    weights = np.stack([1 - a - b, a, b], axis=1)
    return (weights[..., None] * corners[chosen]).sum(axis=1), outward[chosen] / areas[chosen, None]
