"""Points spread evenly over a surface."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Float64Array = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class SurfaceSamples:
    """Points (N, 3) of a surface with the unit normals (N, 3) of their triangles and their nearest corners (N,)."""

    points: Float64Array
    normals: Float64Array
    vertex: Int32Array


class Surface:
    """A surface that samples are drawn from, as a whole or in parts.

    Args:
        vertices: (V, 3).
        faces: (F, 3) triangles.
    """

    def __init__(self, vertices: Float64Array, faces: Int32Array) -> None:
        self.vertices, self.faces, self.corners = vertices, faces, np.take(vertices, faces, axis=0)
        sides = self.corners[:, 1:] - self.corners[:, :1]
        self._outward = np.cross(sides[:, 0], sides[:, 1])
        self._areas = np.linalg.norm(self._outward, axis=1)

    def sample(self, count: int, chosen: BoolArray | None = None) -> SurfaceSamples:
        """Return `count` samples of the triangles that are `chosen` (F,), by default all; always the same ones."""
        random = np.random.default_rng(0)
        triangles = np.arange(len(self.faces)) if chosen is None else np.flatnonzero(chosen)
        run = np.cumsum(self._areas[triangles])
        places = (np.arange(count) + random.random(count)) / count * run[-1]
        drawn = triangles[np.searchsorted(run, places).clip(0, len(triangles) - 1)]
        a, b = random.random((2, count))
        a, b = np.where(a + b > 1, 1 - a, a), np.where(a + b > 1, 1 - b, b)
        weights = np.stack([1 - a - b, a, b], axis=1)
        points = (weights[..., None] * self.corners[drawn]).sum(axis=1)
        vertex = self.faces[drawn, weights.argmax(axis=1)]
        return SurfaceSamples(points, self._outward[drawn] / self._areas[drawn, None], vertex)
