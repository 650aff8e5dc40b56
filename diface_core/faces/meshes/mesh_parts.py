"""Connected parts of a mesh, its border, and the welding of vertices that an importer has split."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float64Array = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]

WELD_DISTANCE = 1e-6  # relative to the mesh's size
WELD_COSINE = 0.3  # smallest cosine between the normals of vertices that are welded: lips that touch are not


def mesh_edges(faces: npt.NDArray[np.integer]) -> tuple[Int32Array, Int32Array]:
    """Return the edges (E, 2) of triangles (F, 3), lower vertex first, and the number of triangles at each (E,)."""
    one, other = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).T
    size = int(faces.max(initial=0)) + 1
    # Unique numbers are found much faster than unique rows.
    codes = np.minimum(one, other).astype(np.int64) * size + np.maximum(one, other)
    codes, counts = np.unique(codes, return_counts=True)
    return np.stack([codes // size, codes % size], axis=1).astype(np.int32), counts.astype(np.int32)


def part_labels(faces: Int32Array, count: int) -> Int32Array:
    """Return the smallest vertex index (V,) of the connected part that each of `count` vertices belongs to."""
    labels = np.arange(count, dtype=np.int32)
    one, other = faces[:, [0, 1, 0]].ravel(), faces[:, [1, 2, 2]].ravel()
    while len(one):
        # Each label follows its smallest neighbour; what is one label then needs no edge.
        smallest = np.arange(count, dtype=np.int32)
        np.minimum.at(smallest, np.maximum(one, other), np.minimum(one, other))
        while ((further := smallest[smallest]) != smallest).any():
            smallest = further
        labels = smallest[labels]
        one, other = smallest[one], smallest[other]
        apart = one != other
        one, other = one[apart], other[apart]
    return labels


def weld_seams(vertices: Float64Array, faces: Int32Array, normals: Float64Array) -> Int32Array:
    """Return the vertex (V,) that each vertex is one with, itself for most.

    Importers split vertices along the seams of a texture: both lie on the mesh's border at one place, with about the
    same normal.

    Args:
        vertices: (V, 3).
        faces: (F, 3).
        normals: (V, 3) unit normals.
    """
    edges, counts = mesh_edges(faces)
    border = np.unique(edges[counts == 1])
    welded = np.arange(len(vertices), dtype=np.int32)
    if not len(border):
        return welded
    size = float(np.ptp(vertices, axis=0).max())
    cells = np.round((vertices[border] - vertices.min(axis=0)) / (WELD_DISTANCE * size)).astype(np.int64)
    _, place = np.unique(cells, axis=0, return_inverse=True)
    place = place.ravel()
    order = np.argsort(place, kind="stable")
    first = np.r_[True, place[order][1:] != place[order][:-1]]
    leader = border[order[np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))]]
    member = border[order]
    alike = (normals[leader] * normals[member]).sum(axis=1) > WELD_COSINE
    welded[member[alike]] = leader[alike]
    return welded
