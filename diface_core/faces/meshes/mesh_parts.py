"""Connected parts of a mesh, its border, and the welding of vertices that an importer has split."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float64Array = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]

WELD_DISTANCE = 1e-6  # relative to the mesh's size
WELD_COSINE = 0.3  # smallest cosine between the normals of vertices that are welded: lips that touch are not


def mesh_edges(faces: Int32Array) -> tuple[Int32Array, Int32Array]:
    """Return the edges (E, 2) of triangles (F, 3), lower vertex first, and the number of triangles at each (E,)."""
    sides = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    edges, counts = np.unique(sides, axis=0, return_counts=True)
    return edges.astype(np.int32), counts.astype(np.int32)


def part_labels(faces: Int32Array, count: int) -> Int32Array:
    """Return the smallest vertex index (V,) of the connected part that each of `count` vertices belongs to."""
    labels = np.arange(count, dtype=np.int32)
    while True:
        smallest = labels[faces].min(axis=1)
        joined = labels.copy()
        for corner in range(3):
            np.minimum.at(joined, faces[:, corner], smallest)
        joined = joined[joined]
        if (joined == labels).all():
            return labels
        labels = joined


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
