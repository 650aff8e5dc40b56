"""Ray casting onto the skin, and interpolation of vertex values at the hits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .makehuman import Float64Array, Int64Array


@dataclass(frozen=True)
class RayHits:
    """Points (N, 3) on a mesh, each the `weights` (N, 3) mean of the vertices `corners` (N, 3); `normals` (N, 3)."""

    points: Float64Array
    corners: Int64Array
    weights: Float64Array
    normals: Float64Array

    def interpolate(self, values: Float64Array) -> Float64Array:
        """Interpolate vertex values (..., V, 3) at the points: (..., N, 3)."""
        return np.einsum("...nkc,nk->...nc", values[..., self.corners, :], self.weights)


def cast_rays(vertices: Float64Array, faces: Int64Array, origins: Float64Array, directions: Float64Array) -> RayHits:
    """Return the first hits of rays (N, 3) on quads (F, 4).

    Raises:
        ValueError: A ray hits no face.
    """
    triangles = np.concatenate([faces[:, [0, 1, 2]], faces[:, [0, 2, 3]]])
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    one, two, across = b - a, c - a, np.cross(b - a, c - a)
    hit_triangles, weights = [], []
    for origin, direction in zip(origins, directions, strict=True):
        # Solve origin + t * direction = a + u * one + v * two for every triangle at once.
        slope = across @ -direction
        slope = np.where(np.abs(slope) < 1e-18, np.nan, slope)
        to = origin - a
        turned = np.cross(to, -direction)
        t = (across * to).sum(1) / slope
        u = (two * -turned).sum(1) / slope
        v = (one * turned).sum(1) / slope
        with np.errstate(invalid="ignore"):
            inside = (u >= -1e-9) & (v >= -1e-9) & (u + v <= 1 + 1e-9) & (t > 0)
        if not inside.any():
            raise ValueError(f"the ray from {origin} along {direction} hits no face")
        hit = int(np.argmin(np.where(inside, t, np.inf)))
        hit_triangles.append(hit)
        weights.append([1 - u[hit] - v[hit], u[hit], v[hit]])
    corners, share = triangles[hit_triangles], np.array(weights)
    normals = across[hit_triangles] / np.linalg.norm(across[hit_triangles], axis=1, keepdims=True)
    return RayHits(np.einsum("nkc,nk->nc", vertices[corners], share), corners, share, normals)


def project_front(vertices: Float64Array, faces: Int64Array, across: Float64Array, up: Float64Array) -> RayHits:
    """Return the points of the face at x `across` (N,) and z `up` (N,), seen from the front."""
    front = np.full(len(across), vertices[:, 1].min() - 0.1)
    return cast_rays(vertices, faces, np.stack([across, front, up], 1), np.tile([0.0, 1.0, 0.0], (len(across), 1)))
