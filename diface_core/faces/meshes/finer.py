"""A mesh of the same form with more vertices, for measurements."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .mesh_parts import mesh_edges

Float64Array = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]

MOST = 3  # at most one of so many edges is divided in a round


def divide_longest(
    vertices: Float64Array, faces: Int32Array, count: int, offsets: Float64Array | None = None
) -> tuple[Float64Array, Int32Array, Float64Array | None]:
    """Return a mesh of `count` vertices, the old ones first: its longest edges are divided at their middles.

    Args:
        vertices: (V, 3).
        faces: (F, 3) triangles.
        count: At least V.
        offsets: (K, V, 3) of shapes, which get the same vertices.
    """
    while len(vertices) < count:
        edges, _ = mesh_edges(faces)
        length = np.linalg.norm(vertices[edges[:, 0]] - vertices[edges[:, 1]], axis=1)
        chosen = edges[np.argsort(-length, kind="stable")[: min(count - len(vertices), len(edges) // MOST + 1)]]
        faces = _divided(faces, chosen, len(vertices))
        vertices = np.concatenate([vertices, vertices[chosen].mean(axis=1)])
        if offsets is not None:
            offsets = np.concatenate([offsets, offsets[:, chosen].mean(axis=2)], axis=1)
    return vertices, faces, offsets


def _divided(faces: Int32Array, chosen: Int32Array, count: int) -> Int32Array:
    """Return the triangles after the edges `chosen` (E, 2) got the vertices `count`, `count` + 1, ..."""
    codes = chosen.min(axis=1).astype(np.int64) * count + chosen.max(axis=1)
    order = np.argsort(codes)
    for corner in range(3):  # the triangles whose side after this corner is divided become two
        one, other = faces[:, corner].astype(np.int64), faces[:, (corner + 1) % 3].astype(np.int64)
        wanted = np.minimum(one, other) * count + np.maximum(one, other)
        found = order[np.searchsorted(codes, wanted, sorter=order).clip(0, len(codes) - 1)]
        divided = (codes[found] == wanted) & (one < count) & (other < count)
        first, second = faces[divided].copy(), faces[divided].copy()
        first[:, (corner + 1) % 3] = second[:, corner] = count + found[divided]
        faces = np.concatenate([faces[~divided], first, second])
    return faces
