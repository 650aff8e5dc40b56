"""Smooth fields on a mesh: the least-squares fit of a displacement to targets with a thin-plate energy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float64Array = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]

TOLERANCE = 5e-4  # relative residual at which conjugate gradients end
MAX_ROUNDS = 150
MIN_WEIGHT = 0.05  # smallest cotangent weight of an edge, relative to the mean


class Neighbours:
    """The neighbours of each vertex with cotangent weights.

    Args:
        vertices: (V, 3).
        faces: (F, 3).
    """

    def __init__(self, vertices: Float64Array, faces: Int32Array) -> None:
        one, other, values = _cotangents(vertices, faces)
        values = np.maximum(values, MIN_WEIGHT * values.mean())
        count = len(vertices)
        sums = np.bincount(one, values, count)
        self.alone = sums == 0
        sums[self.alone] = 1.0
        # Rows of equal length, filled up with weights of 0. A vertex without an edge is its neighbour with weight 1.
        order = np.argsort(one, kind="stable")
        one, other, values = one[order], other[order], values[order]
        degree = np.bincount(one, minlength=count)
        place = np.arange(len(one)) - (np.cumsum(degree) - degree)[one]
        self.neighbours = np.repeat(np.arange(count)[:, None], max(1, int(degree.max())), axis=1)
        self.forward, self.backward = np.zeros((2, *self.neighbours.shape))
        self.neighbours[one, place] = other
        self.forward[one, place], self.backward[one, place] = values / sums[one], values / sums[other]
        self.forward[self.alone, 0] = self.backward[self.alone, 0] = 1.0

    def mean_difference(self, field: Float64Array) -> Float64Array:
        """Return the weighted mean of each vertex' neighbours minus its value, (V, n)."""
        return self._weighted(self.forward, field) - field

    def transposed(self, field: Float64Array) -> Float64Array:
        """Return the transposed operation of `mean_difference`."""
        return self._weighted(self.backward, field) - field

    def _weighted(self, weights: Float64Array, field: Float64Array) -> Float64Array:
        return np.einsum("vk,vkn->vn", weights, np.take(field, self.neighbours, axis=0))

    def thin_plate(self, field: Float64Array) -> Float64Array:
        """Return the gradient of half the thin-plate energy."""
        return self.transposed(self.mean_difference(field))


def _cotangents(vertices: Float64Array, faces: Int32Array) -> tuple[Int32Array, Int32Array, Float64Array]:
    """Return both directions of each edge, once, with the sum of the cotangents of the opposite angles."""
    ones, others, values = [], [], []
    for corner in range(3):
        tip, one, other = faces[:, corner], faces[:, (corner + 1) % 3], faces[:, (corner + 2) % 3]
        a, b = vertices[one] - vertices[tip], vertices[other] - vertices[tip]
        cotangent = (a * b).sum(axis=1) / np.maximum(np.linalg.norm(np.cross(a, b), axis=1), 1e-12)
        ones += [one, other]
        others += [other, one]
        values += [cotangent, cotangent]
    codes = np.concatenate(ones).astype(np.int64) * len(vertices) + np.concatenate(others)
    places, inverse = np.unique(codes, return_inverse=True)
    sums = np.bincount(inverse.ravel(), np.concatenate(values).clip(-5, 5), len(places)).astype(np.float64)
    return (places // len(vertices)).astype(np.int32), (places % len(vertices)).astype(np.int32), sums


class FieldFit:
    """Least squares of a field (V, 3): thin-plate energy, values at vertices, and values at points of triangles.

    Args:
        neighbours: The mesh.
        corners: (L, 3) vertices of the points.
        weights: (L, 3) their weights.
        strength: Weight of the points; vertices have their own.
    """

    def __init__(self, neighbours: Neighbours, corners: Int32Array, weights: Float64Array, strength: float) -> None:
        self.neighbours, self.corners, self.weights, self.strength = neighbours, corners, weights, strength

    def solve(
        self,
        stiffness: float,
        confidence: Float64Array,
        values: Float64Array,
        point_values: Float64Array,
        start: Float64Array,
    ) -> Float64Array:
        """Return the field (V, 3), by conjugate gradients from `start` (V, 3).

        Args:
            stiffness: Weight of the thin-plate energy.
            confidence: (V,) weights of `values` (V, 3).
            values: (V, 3).
            point_values: (L, 3).
            start: (V, 3).
        """
        diagonal = confidence[:, None]

        def apply(field: Float64Array) -> Float64Array:
            return (
                stiffness * self.neighbours.thin_plate(field) + diagonal * field + self._spread(self._sample(field))
                + 1e-6 * field
            )  # fmt: skip

        right = diagonal * values + self._spread(point_values)
        return conjugate_gradients(apply, right, start)

    def _sample(self, field: Float64Array) -> Float64Array:
        return (self.weights[..., None] * field[self.corners]).sum(axis=1)

    def _spread(self, values: Float64Array) -> Float64Array:
        sums = np.zeros((len(self.neighbours.neighbours), 3))
        np.add.at(sums, self.corners, self.strength * self.weights[..., None] * values[:, None])
        return sums


def conjugate_gradients(apply, right: Float64Array, start: Float64Array) -> Float64Array:
    """Return x with `apply(x)` = `right` (V, n) for a symmetric positive definite operation."""
    here = start.copy()
    residual = right - apply(here)
    direction, square = residual.copy(), float((residual**2).sum())
    limit = TOLERANCE**2 * float((right**2).sum())
    for _ in range(MAX_ROUNDS):
        if square <= limit:
            break
        applied = apply(direction)
        step = square / float((direction * applied).sum())
        here += step * direction
        residual -= step * applied
        further = float((residual**2).sum())
        direction = residual + further / square * direction
        square = further
    return here
