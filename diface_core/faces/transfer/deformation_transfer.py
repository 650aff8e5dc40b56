"""One mesh's offsets on another of the same triangles: deformation transfer (Sumner and Popović, SIGGRAPH 2004).

Every triangle of the target turns and stretches as the source's does; the offsets that come nearest to that are those
of a Poisson equation (Botsch, Sumner, Pauly and Gross 2006).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.linalg import splu

from .registration import SparseMatrix

Float64Array = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]

MIN_FATNESS = 0.05  # of its fair share of height, below which a source triangle's turn means little
RIDGE = 1e-9  # so that vertices of triangles without area have a place too
UNKNOWN_WEIGHT = 0.05  # how much a triangle that the source has not resists, of one that it has


@dataclass(frozen=True)
class SoftConstraint:
    """What has to come out: `rows` (N, V) of the offsets are `values` (N, 3), with `strength` against the shape's."""

    rows: SparseMatrix
    values: Float64Array
    strength: float = 100.0


class DeformationTransfer:
    """From `source` (V, 3) to `target` (V, 3), both of the triangles `faces` (F, 3), of one size and in one pose.

    known: (V,) which vertices the source has; the others follow.
    """

    def __init__(
        self, source: Float64Array, target: Float64Array, faces: Int32Array, known: BoolArray | None = None
    ) -> None:
        self.faces, self.target, self.source = faces, target, source
        trusted = np.ones(len(faces), bool) if known is None else known[faces].all(axis=1)
        self.frames, quality = inverse_triangle_frames(source, faces)
        self.trust = np.where(trusted, np.clip(quality / MIN_FATNESS, 0.0, 1.0), 0.0)
        slopes, areas = gradients(target, faces)  # (F, 3 corners, 3), (F,)
        self.slopes = slopes
        self.weights = areas * np.maximum(self.trust, UNKNOWN_WEIGHT)
        self.laplacian = stiffness(slopes, self.weights, faces, len(target))

    def offsets(
        self,
        deltas: Float64Array,
        free: BoolArray,
        constraints: tuple[SoftConstraint, ...] = (),
        base_offsets: Float64Array | None = None,
    ) -> Float64Array:
        """The target's offsets (V, 3) for the source's `deltas` (V, 3); exactly 0 where not `free` (V,).

        beyond: the target's offsets (V, 3) for a part of `deltas`, when only what goes beyond them is asked for.
        """
        found = np.zeros_like(self.target)
        if not free.any():
            return found
        wanted = self.deformation_gradients(deltas)
        left, right = self.laplacian, self.divergence(wanted)
        if base_offsets is not None:
            right = right - left @ base_offsets
        for hold in constraints:
            # Against the mean of what resists: the strength then means the same on every mesh.
            weight = hold.strength * self.laplacian.diagonal().mean()
            left = left + weight * hold.rows.T @ hold.rows
            right = right + weight * hold.rows.T @ hold.values
        inside = np.flatnonzero(free)
        left = left + RIDGE * self.laplacian.diagonal().mean() * sparse.eye(len(free))
        factors = splu(
            left[inside][:, inside].tocsc(),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
        found[inside] = factors.solve(right[inside])
        return found

    def deformation_gradients(self, deltas: Float64Array) -> Float64Array:
        """What each of the source's triangles does under `deltas` but for staying as it is: (F, 3, 3)."""
        moved = triangle_frames(self.source + deltas, self.faces) @ self.frames
        return np.where(self.trust[:, None, None] > 0, moved - np.eye(3), 0.0)

    def divergence(self, target_gradients: Float64Array) -> Float64Array:
        """The Poisson equation's right side (V, 3): the divergence of what the triangles are to do."""
        flux = np.einsum("f,fab,fib->fia", self.weights, target_gradients, self.slopes)
        sums = np.zeros_like(self.target)
        for corner in range(3):
            np.add.at(sums, self.faces[:, corner], flux[:, corner])
        return sums


def triangle_frames(vertices: Float64Array, faces: Int32Array) -> Float64Array:
    """Two sides and the normal of every triangle as columns (F, 3, 3), the normal about as long as the sides."""
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    normal = np.cross(b - a, c - a)
    size = np.sqrt(np.linalg.norm(normal, axis=1, keepdims=True))
    return np.stack([b - a, c - a, normal / np.maximum(size, 1e-12)], axis=2)


def inverse_triangle_frames(vertices: Float64Array, faces: Int32Array) -> tuple[Float64Array, Float64Array]:
    """The inverses of `frames_of` (F, 3, 3), 0 for a triangle without area; and how fat each is, up to 1."""
    frames = triangle_frames(vertices, faces)
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    doubled = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    longest = np.maximum.reduce([((b - a) ** 2).sum(1), ((c - b) ** 2).sum(1), ((a - c) ** 2).sum(1)])
    fatness = doubled / np.maximum(longest * np.sqrt(3) / 2, 1e-30)
    usable = fatness > 1e-4
    inverse = np.zeros_like(frames)
    inverse[usable] = np.linalg.inv(frames[usable])
    return inverse, np.where(usable, fatness, 0.0)


def gradients(vertices: Float64Array, faces: Int32Array) -> tuple[Float64Array, Float64Array]:
    """The slope (F, 3, 3) on each triangle of what is 1 at one corner and 0 at the others, and the areas (F,)."""
    corners = vertices[faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    doubled = np.maximum(np.linalg.norm(normal, axis=1), 1e-14)
    opposite = corners[:, [2, 0, 1]] - corners[:, [1, 2, 0]]
    return np.cross(normal[:, None], opposite) / doubled[:, None, None] ** 2, doubled / 2


def stiffness(slopes: Float64Array, weights: Float64Array, faces: Int32Array, count: int) -> SparseMatrix:
    """The matrix (V, V) of the offsets' energy: that of the cotangents (Pinkall and Polthier 1993), weighted."""
    values = np.einsum("f,fia,fja->fij", weights, slopes, slopes)
    rows, columns = np.repeat(faces, 3, axis=1), np.tile(faces, (1, 3))
    return sparse.csr_matrix((values.ravel(), (rows.ravel(), columns.ravel())), (count, count))
