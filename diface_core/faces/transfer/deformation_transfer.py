"""Deformation transfer of offsets between meshes with the same triangles (Sumner and Popović, SIGGRAPH 2004).

Every triangle of the target rotates and deforms as the source's does; the nearest offsets solve a Poisson equation
(Botsch, Sumner, Pauly and Gross 2006).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .sparse import SparseMatrix, solve_positive_definite

Float64Array = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]

MIN_FATNESS = (
    0.05  # relative to an equilateral triangle's height; the rotation of thinner source triangles is not reliable
)
RIDGE = 1e-9  # gives vertices of triangles without area a defined position
UNKNOWN_WEIGHT = 0.05  # resistance of a triangle without a source, relative to one with a source


@dataclass(frozen=True)
class SoftConstraint:
    """A soft constraint: `rows` (N, V) of the offsets are `values` (N, 3), with `strength` relative to the shape's."""

    rows: SparseMatrix
    values: Float64Array
    strength: float = 100.0


class DeformationTransfer:
    """Deformation transfer from `source` (V, 3) to `target` (V, 3), of one size and in one pose.

    Args:
        source: (V, 3).
        target: (V, 3).
        faces: (F, 3) triangles of both.
        known: (V,) which vertices the source has; the others follow. None for all.
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
        """Return the target's offsets (V, 3) for the source's `deltas` (V, 3).

        Args:
            deltas: (V, 3) offsets of the source.
            free: (V,) vertices that may move; the others have offset 0 exactly.
            constraints: Further conditions on the offsets.
            base_offsets: (V, 3) offsets of the target for a part of `deltas`; only the rest is returned.
        """
        offsets = np.zeros_like(self.target)
        if not free.any():
            return offsets
        target_gradients = self.deformation_gradients(deltas)
        left, right = self.laplacian, self.divergence(target_gradients)
        if base_offsets is not None:
            right = right - left @ base_offsets
        for constraint in constraints:
            # Relative to the mean diagonal: the strength then has the same meaning on every mesh.
            weight = constraint.strength * self.laplacian.diagonal().mean()
            left = left + constraint.rows.gram() * weight
            right = right + constraint.rows.transposed @ constraint.values * weight
        inside = np.flatnonzero(free)
        left = left + SparseMatrix.identity(len(free), RIDGE * self.laplacian.diagonal().mean())
        offsets[inside] = solve_positive_definite(left.select(inside), right[inside])
        return offsets

    def deformation_gradients(self, deltas: Float64Array) -> Float64Array:
        """Return the deformation gradient minus the identity of each source triangle under `deltas`: (F, 3, 3)."""
        moved = triangle_frames(self.source + deltas, self.faces) @ self.frames
        return np.where(self.trust[:, None, None] > 0, moved - np.eye(3), 0.0)

    def divergence(self, target_gradients: Float64Array) -> Float64Array:
        """Return the Poisson equation's right side (V, 3): the divergence of the target gradients."""
        flux = np.einsum("f,fab,fib->fia", self.weights, target_gradients, self.slopes)
        sums = np.zeros_like(self.target)
        for corner in range(3):
            for axis in range(3):
                sums[:, axis] += np.bincount(self.faces[:, corner], flux[:, corner, axis], len(sums))
        return sums


def triangle_frames(vertices: Float64Array, faces: Int32Array) -> Float64Array:
    """Return two sides and the normal of every triangle as columns (F, 3, 3), the normal about as long as the sides."""
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    normal = np.cross(b - a, c - a)
    size = np.sqrt(np.linalg.norm(normal, axis=1, keepdims=True))
    return np.stack([b - a, c - a, normal / np.maximum(size, 1e-12)], axis=2)


def inverse_triangle_frames(vertices: Float64Array, faces: Int32Array) -> tuple[Float64Array, Float64Array]:
    """Return the inverses of `triangle_frames` (F, 3, 3) and the quality (F,) of each triangle.

    The inverse is 0 for a triangle without area; the quality is 1 for an equilateral triangle.
    """
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
    """Return the gradient (F, 3, 3) on each triangle of each corner's hat function, and the areas (F,)."""
    corners = vertices[faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    doubled = np.maximum(np.linalg.norm(normal, axis=1), 1e-14)
    opposite = corners[:, [2, 0, 1]] - corners[:, [1, 2, 0]]
    return np.cross(normal[:, None], opposite) / doubled[:, None, None] ** 2, doubled / 2


def stiffness(slopes: Float64Array, weights: Float64Array, faces: Int32Array, count: int) -> SparseMatrix:
    """Return the stiffness matrix (V, V): weighted cotangent Laplacian (Pinkall and Polthier 1993)."""
    values = np.einsum("f,fia,fja->fij", weights, slopes, slopes)
    rows, columns = np.repeat(faces, 3, axis=1), np.tile(faces, (1, 3))
    return SparseMatrix.from_entries(rows.ravel(), columns.ravel(), values.ravel(), (count, count))
