"""Which vertices belong to the upper lip and which to the lower one, inside the mouth too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..meshes.mesh_parts import mesh_edges
from .front_view import FrontView, column_of, row_of
from .openings import Opening

Float64Array = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]

REGION = ((-0.055, -0.15, -0.09), (0.055, 0.03, 0.015))  # m, in the bundled head's frame: where the mouth can be
SEEN = 1.5e-3  # m: a vertex this far behind what is seen at its pixel is seen
SEED_START, SEED_END = 1e-3, 0.012  # m: distance from the line of the vertices that are surely on their side
OUTER = 0.015  # m: how far from the line seen skin counts as lip
SLACK = 1e-3  # m: across the corners


@dataclass(frozen=True)
class LipSides:
    """The sides of the mouth.

    Attributes:
        side: (V,) 1 upper, -1 lower, 0 neither.
        to_upper: (V,) m, distance along the surface from the outside of the upper lip; infinite if not reached.
        to_lower: (V,) m, the same of the lower lip.
        hidden: (V,) mask of the vertices with a side that are not seen from the front.
    """

    side: npt.NDArray[np.int8]
    to_upper: Float64Array
    to_lower: Float64Array
    hidden: BoolArray


def find_lip_sides(vertices: Float64Array, faces: Int32Array, view: FrontView, mouth: Opening) -> LipSides:
    """Return the sides of the mouth `mouth` that is seen in `view` of a mesh."""
    seen = seen_vertices(vertices, faces, view)
    above = _height_over(vertices, mouth.upper.points(view))
    below = -_height_over(vertices, mouth.lower.points(view))
    across = vertices[:, 0]
    ends = mouth.upper.points(view)[[0, -1], 0]
    between = (across > ends[0] - SLACK) & (across < ends[1] + SLACK)
    upper = seen & between & (above > SEED_START) & (above < SEED_END)
    lower = seen & between & (below > SEED_START) & (below < SEED_END)
    inside = ((vertices > REGION[0]) & (vertices < REGION[1])).all(axis=1)
    near = faces[inside[faces].all(axis=1)]
    edges, _ = mesh_edges(near)
    to_upper, to_lower = (_distances(vertices, edges, seeds) for seeds in (upper, lower))
    reached = np.isfinite(to_upper) | np.isfinite(to_lower)
    side = np.where(reached, np.where(to_upper <= to_lower, 1, -1), 0)
    outside = seen & (~between | (above > OUTER) | (below > OUTER))
    side[outside] = 0
    hidden = (side != 0) & ~seen
    return LipSides(side.astype(np.int8), to_upper, to_lower, hidden)


def seen_vertices(vertices: Float64Array, faces: Int32Array, view: FrontView) -> BoolArray:
    """Return a mask (V,) of the vertices that are seen from the front."""
    used = np.zeros(len(vertices), bool)
    used[faces] = True
    row, column = row_of(vertices[:, 2]), column_of(vertices[:, 0])
    depth = view.depth[row, column]
    for shift_row, shift_column in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        near = view.depth[
            (row + shift_row).clip(0, view.depth.shape[0] - 1), (column + shift_column).clip(0, view.depth.shape[1] - 1)
        ]
        depth = np.where(np.isfinite(depth), np.maximum(depth, np.where(np.isfinite(near), near, -np.inf)), near)
    return used & (vertices[:, 1] < depth + SEEN)


def _height_over(vertices: Float64Array, line: Float64Array) -> Float64Array:
    return vertices[:, 2] - np.interp(vertices[:, 0], line[:, 0], line[:, 2])


def _distances(vertices: Float64Array, edges: Int32Array, seeds: BoolArray) -> Float64Array:
    """Return the length (V,) of the shortest path along edges (E, 2) from any seed."""
    one, other = np.concatenate([edges, edges[:, ::-1]]).T
    order = np.argsort(one, kind="stable")
    one, other = one[order], other[order]
    length = np.linalg.norm(vertices[one] - vertices[other], axis=1)
    degree = np.bincount(one, minlength=len(vertices))
    start = np.cumsum(degree) - degree
    distances = np.where(seeds, 0.0, np.inf)
    nearer = np.flatnonzero(seeds & (degree > 0))
    while len(nearer):
        # Only the edges of vertices that have come nearer can shorten a path.
        counts = degree[nearer]
        chosen = np.repeat(start[nearer] - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        reached, far = other[chosen], distances[one[chosen]] + length[chosen]
        better = far < distances[reached]
        reached, far = reached[better], far[better]
        np.minimum.at(distances, reached, far)
        nearer = np.unique(reached)
    return distances
