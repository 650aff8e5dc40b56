"""Geometry of meshes: nearest points of triangles, normals, the best similarity between two sets of points."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float64Array = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]


def nearest_barycentric(points: Float64Array, corners: Float64Array) -> Float64Array:
    """Return the barycentric weights (..., 3) of the points of triangles (..., 3, 3) nearest to `points` (..., 3)."""
    a, b, c = corners[..., 0, :], corners[..., 1, :], corners[..., 2, :]
    ab, ac, ap = b - a, c - a, points - a
    d00, d01, d11 = (ab * ab).sum(-1), (ab * ac).sum(-1), (ac * ac).sum(-1)
    d20, d21 = (ap * ab).sum(-1), (ap * ac).sum(-1)
    area = np.maximum(d00 * d11 - d01 * d01, 1e-30)
    v, w = (d11 * d20 - d01 * d21) / area, (d00 * d21 - d01 * d20) / area
    weights = np.stack([1 - v - w, v, w], -1)
    # Outside the triangle the nearest point is on one of its sides.
    on_sides = np.stack([_nearest_on_side(points, corners, i, j) for i, j in ((0, 1), (1, 2), (2, 0))], -2)
    away = np.linalg.norm((on_sides[..., None] * corners[..., None, :, :]).sum(-2) - points[..., None, :], axis=-1)
    side = np.take_along_axis(on_sides, away.argmin(-1)[..., None, None], -2)[..., 0, :]
    return np.where((weights >= 0).all(-1, keepdims=True), weights, side)


def _nearest_on_side(points: Float64Array, corners: Float64Array, first: int, second: int) -> Float64Array:
    start, along = corners[..., first, :], corners[..., second, :] - corners[..., first, :]
    share = ((points - start) * along).sum(-1) / np.maximum((along * along).sum(-1), 1e-30)
    weights = np.zeros((*np.broadcast_shapes(points.shape[:-1], corners.shape[:-2]), 3))
    weights[..., second] = share.clip(0, 1)
    weights[..., first] = 1 - weights[..., second]
    return weights


def vertex_normals(vertices: Float64Array, faces: Int32Array) -> Float64Array:
    """Return the unit normals (V, 3) of a surface, weighted by triangle area."""
    corners = np.take(vertices, faces, axis=0)
    outward = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    sums = np.zeros_like(vertices)
    for corner in range(3):
        for axis in range(3):
            sums[:, axis] += np.bincount(faces[:, corner], outward[:, axis], len(vertices))
    return sums / (np.linalg.norm(sums, axis=1, keepdims=True) + 1e-12)


def fit_similarity(points: Float64Array, places: Float64Array) -> tuple[float, Float64Array, Float64Array]:
    """Return scale s, rotation R (3, 3), shift t (3,) of a least-squares similarity (Umeyama 1991).

    They bring `s points @ R.T + t` nearest to `places`, both (N, 3).
    """
    centred_points, centred_places = points - points.mean(0), places - places.mean(0)
    u, size, vt = np.linalg.svd(centred_places.T @ centred_points)
    sign = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = u @ sign @ vt
    scale = float((size * np.diag(sign)).sum() / (centred_points**2).sum())
    return scale, rotation, places.mean(0) - scale * points.mean(0) @ rotation.T
