"""Surface registration: optimal-step non-rigid ICP (Amberg, Romdhani and Vetter, CVPR 2007)."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from ..faces.transfer.geometry import nearest_barycentric, vertex_normals

log = logging.getLogger(__name__)

Float64Array = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]
SparseMatrix = Any
"""A matrix of scipy.sparse, whose types are not complete."""

STIFFNESSES = (80.0, 40.0, 20.0, 10.0, 5.0, 3.0, 2.0, 1.4, 1.0)
ROUNDS = 4  # nearest-point searches per stiffness
LANDMARK_WEIGHT = 4.0
SKEW = 1.0  # gamma: weight of rotation against translation
CANDIDATES = 16
MIN_NORMAL_COSINE = 0.4  # smallest cosine between the normals of two corresponding points


@dataclass(frozen=True)
class Surface:
    """Triangles `faces` (F, 3) of `vertices` (V, 3); `parts` (F,) whole numbers: only equal parts may correspond."""

    vertices: Float64Array
    faces: Int32Array
    parts: Int32Array

    @property
    def corners(self) -> Float64Array:
        """Return the triangles' corners (F, 3, 3)."""
        return self.vertices[self.faces]


@dataclass(frozen=True)
class SurfacePoints:
    """Points (N, 3) in triangle `face` (N,) at `weights` (N, 3); `found` (N,) is False without a match."""

    face: Int32Array
    weights: Float64Array
    points: Float64Array
    found: npt.NDArray[np.bool_] = field(repr=False)


def register_nonrigid(
    vertices: Float64Array,
    faces: Int32Array,
    parts: Int32Array,
    target: Surface,
    landmark_matrix: SparseMatrix,
    landmark_targets: Float64Array,
) -> Float64Array:
    """Return `vertices` of triangles `faces` registered to `target`: (V, 3).

    Both surfaces must already have about the same position and size.

    Args:
        vertices: (V, 3).
        faces: (F, 3).
        parts: (V,) which part of the target each vertex belongs to, -1 for none.
        target: The surface.
        landmark_matrix: (L, V) weights that give the landmarks from the vertices.
        landmark_targets: (L, 3) positions of the landmarks.
    """
    centre, size = vertices.mean(0), float(np.sqrt(((vertices - vertices.mean(0)) ** 2).sum(1).mean()))
    target = Surface((target.vertices - centre) / size, target.faces, target.parts)
    rest, landmark_targets = (vertices - centre) / size, (landmark_targets - centre) / size
    registered = rest
    for stiffness in STIFFNESSES:
        problem = _IcpProblem(rest, faces, stiffness, landmark_matrix, landmark_targets)
        for _ in range(ROUNDS):
            near = nearest_points(target, registered, vertex_normals(registered, faces), parts)
            moved = problem.solve(near)
            log.info("stiffness %g: a step of %.2g of the head's size", stiffness, np.abs(moved - registered).max())
            registered = moved
    return registered * size + centre


class _IcpProblem:
    """Least squares: an affine map (4, 3) per vertex, neighbours' maps alike, points near their nearest points."""

    def __init__(
        self,
        rest: Float64Array,
        faces: Int32Array,
        stiffness: float,
        landmark_matrix: SparseMatrix,
        landmark_targets: Float64Array,
    ) -> None:
        count = len(rest)
        sides = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
        pairs = np.unique(sides, axis=0)
        rows = np.repeat(np.arange(len(pairs)), 2)
        values = np.tile([-1.0, 1.0], len(pairs))
        incidence = sparse.csr_matrix((values, (rows, pairs.ravel())), (len(pairs), count))
        smooth = stiffness * sparse.kron(incidence, sparse.diags([1.0, 1.0, 1.0, SKEW]))
        columns = np.arange(4 * count).reshape(count, 4)
        homogeneous = np.c_[rest, np.ones(count)]
        self.maps = sparse.csr_matrix(
            (homogeneous.ravel(), (np.repeat(np.arange(count), 4), columns.ravel())), (count, 4 * count)
        )
        landmarks = LANDMARK_WEIGHT * landmark_matrix @ self.maps
        self.left = smooth.T @ smooth + landmarks.T @ landmarks + 1e-9 * sparse.eye(4 * count)
        self.right = landmarks.T @ (LANDMARK_WEIGHT * landmark_targets)

    def solve(self, near: SurfacePoints) -> Float64Array:
        """Return the registered vertices (V, 3)."""
        matched_maps = sparse.diags(near.found.astype(float)) @ self.maps
        left = (self.left + matched_maps.T @ matched_maps).tocsc()
        factors = splu(left, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
        return self.maps @ factors.solve(self.right + matched_maps.T @ near.points)


def nearest_points(
    surface: Surface, points: Float64Array, facing: Float64Array | None, parts: Int32Array
) -> SurfacePoints:
    """Return the nearest surface point for each of `points` (N, 3).

    Args:
        surface: The surface.
        points: (N, 3).
        facing: (N, 3) normals; only triangles that face the same direction match. None for all.
        parts: (N,) the part of the surface that each point belongs to, -1 for none.
    """
    corners = surface.corners
    outward = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    outward /= np.linalg.norm(outward, axis=1, keepdims=True) + 1e-12
    face = np.zeros(len(points), np.int32)
    weights, found = np.zeros((len(points), 3)), np.zeros(len(points), bool)
    for part in np.unique(parts[parts >= 0]):
        members, candidates_of_part = np.flatnonzero(parts == part), np.flatnonzero(surface.parts == part)
        tree = cKDTree(corners[candidates_of_part].mean(1))
        candidates = candidates_of_part[
            tree.query(points[members], min(CANDIDATES, len(candidates_of_part)))[1]
        ]  # (n, k)
        inside = nearest_barycentric(points[members][:, None], corners[candidates])
        away = np.linalg.norm((inside[..., None] * corners[candidates]).sum(2) - points[members][:, None], axis=-1)
        if facing is not None:
            away[(outward[candidates] * facing[members][:, None]).sum(-1) < MIN_NORMAL_COSINE] = np.inf
        best = away.argmin(1)
        chosen = np.arange(len(members)), best
        face[members], weights[members], found[members] = candidates[chosen], inside[chosen], np.isfinite(away[chosen])
    return SurfacePoints(face, weights, (weights[..., None] * corners[face]).sum(1), found)
