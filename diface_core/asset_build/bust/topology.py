"""Quad mesh traversal: neighbours, edge loops, flood fill, normals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from .makehuman import Float64Array, Int64Array


class Topology:
    """The adjacency of the quads `faces` (F, 4)."""

    def __init__(self, faces: Int64Array) -> None:
        self.faces = faces
        self.neighbours: dict[int, set[int]] = defaultdict(set)
        self.faces_at: dict[int, list[int]] = defaultdict(list)
        for index, quad in enumerate(faces.tolist()):
            for k in range(4):
                self.faces_at[quad[k]].append(index)
                self.neighbours[quad[k]].add(quad[k - 1])
                self.neighbours[quad[k - 1]].add(quad[k])

    def opposite_vertex(self, before: int, here: int) -> int | None:
        """Return the vertex opposite to `before` across `here`, or None where the edge loop ends."""
        if len(self.faces_at[here]) != 4:
            return None
        beside = {v for f in self.faces_at[here] if before in self.faces[f] for v in self.faces[f].tolist()}
        across = self.neighbours[here] - beside
        return across.pop() if len(across) == 1 else None

    def edge_loop(self, start: int, towards: int) -> list[int]:
        """Return the closed edge loop that leaves `start` over its neighbour `towards`.

        Raises:
            ValueError: The loop does not close.
        """
        walk = [start, towards]
        while True:
            following = self.opposite_vertex(walk[-2], walk[-1])
            if following == start:
                return walk
            if following is None or len(walk) > 500:
                raise ValueError(f"the edge loop at {start} does not close")
            walk.append(following)

    def flood(self, seed: int, fence: Iterable[int]) -> set[int]:
        """Return all vertices reachable from `seed` along edges without crossing `fence`."""
        closed, reached, front = set(fence), {seed}, [seed]
        while front:
            near = self.neighbours[front.pop()] - closed - reached
            reached |= near
            front.extend(near)
        return reached

    def smooth(self, values: Float64Array, rounds: int) -> Float64Array:
        """Return `values` (V, ...) averaged with their neighbours' `rounds` times."""
        counts = np.zeros(len(values))
        np.add.at(counts, self.faces.ravel(), 2.0)
        shape = (-1,) + (1,) * (values.ndim - 1)
        for _ in range(rounds):
            around = np.zeros_like(values)
            for k in range(4):
                np.add.at(around, self.faces[:, k], values[self.faces[:, k - 1]] + values[self.faces[:, k - 3]])
            values = np.where(counts.reshape(shape) > 0, (values + around / counts.clip(1).reshape(shape)) / 2, values)
        return values


def vertex_normals(vertices: Float64Array, faces: Int64Array) -> Float64Array:
    """Return unit normals (V, 3), area weighted."""
    a, b, c, d = (vertices[faces[:, k]] for k in range(4))
    normals = np.zeros_like(vertices)
    for k in range(4):
        np.add.at(normals, faces[:, k], np.cross(c - a, d - b))
    return normals / np.linalg.norm(normals, axis=1, keepdims=True).clip(1e-12)


def smoothstep(low: float, high: float, x: Float64Array) -> Float64Array:
    """Return 0 at `low`, 1 at `high`, smooth between; `low` may be the larger."""
    t = np.clip((x - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)
