"""FLAME's mesh as a graph: the closed rings of edges around its mouth and its eyes, in order. numpy only."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import numpy.typing as npt

from ...errors import ModelError
from ..meshes.mesh_parts import mesh_edges
from .recognition import SKIN_VERTEX_COUNT, VERTEX_COUNT, why_not_flame

Int32Array = npt.NDArray[np.int32]
Neighbours = dict[int, set[int]]

EYEBALLS = {"Left": slice(SKIN_VERTEX_COUNT, 4477), "Right": slice(4477, VERTEX_COUNT)}
EYE_POCKETS = {"Left": 3929, "Right": 3930}
"""The vertex at the bottom of each eye's pocket, behind the eyeball; ring k of the lids is k edges from it."""
UPPER_LIP_MIDLINE = (3514, 3549, 3547, 3533, 3531, 3546, 3543, 3541, 3537)
"""The midline of the upper lip, from the border of the mouth's hole outwards; ring k of the mouth is k edges from that
border and passes through the k-th vertex.
"""
HINT = "Choose a mesh with FLAME's 5,023 vertices, in the order of its model files."


def check_flame_mesh(vertices: npt.NDArray[np.floating], faces: npt.NDArray[np.integer]) -> None:
    """Check that these are FLAME's vertices (5023, 3) and triangles (F, 3).

    Raises:
        ModelError: They are not.
    """
    if vertices.ndim != 2 or vertices.shape[1] != 3 or faces.ndim != 2 or faces.shape[1] != 3:
        raise ModelError(f"A mesh is vertices (V, 3) and triangles (F, 3). Got {vertices.shape}, {faces.shape}.", HINT)
    reason = why_not_flame(vertices, faces)
    if reason:
        raise ModelError(f"The mesh is not FLAME's: {reason}.", HINT)


def to_head_frame(vertices: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Convert FLAME's frame (Y up, looking along +Z) to the bundled head's (Z up, looking along -Y), (..., 3)."""
    return np.stack([vertices[..., 0], -vertices[..., 2], vertices[..., 1]], -1).astype(np.float64)


def skin_faces(faces: npt.NDArray[np.integer]) -> Int32Array:
    """Return the triangles (F, 3) without those of the eyeballs."""
    return faces[(faces < SKIN_VERTEX_COUNT).all(axis=1)].astype(np.int32)


def vertex_neighbours(faces: npt.NDArray[np.integer]) -> Neighbours:
    """Return the neighbours of every vertex along the edges of triangles (F, 3)."""
    neighbours: Neighbours = defaultdict(set)
    for a, b in mesh_edges(faces)[0].tolist():
        neighbours[a].add(b)
        neighbours[b].add(a)
    return neighbours


def border_loop(faces: npt.NDArray[np.integer], start: int) -> list[int]:
    """Return the closed border of the surface through the vertex `start`, in order."""
    sides = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    open_edges = [edge for edge, count in Counter(map(tuple, sides.tolist())).items() if count == 1]
    along: Neighbours = defaultdict(set)
    for a, b in open_edges:
        along[a].add(b)
        along[b].add(a)
    return ordered_loop(along, start)


def vertex_rings(neighbours: Neighbours, start: list[int], count: int) -> list[list[int]]:
    """Return `count` rings around the vertices `start`, ring k of those k + 1 edges away, each in order."""
    ring, seen, rings = set(start), set(start), []
    for _ in range(count):
        ring = {near for vertex in ring for near in neighbours[vertex]} - seen
        seen |= ring
        rings.append(ordered_loop({vertex: neighbours[vertex] & ring for vertex in ring}, min(ring)))
    return rings


def ordered_loop(along: Neighbours, start: int) -> list[int]:
    """Return the vertices of a closed loop from `start`.

    Raises:
        ModelError: The loop is not closed.
    """
    loop, last = [start], -1
    while True:
        ahead = sorted(along.get(loop[-1], set()) - {last})
        if len(along.get(loop[-1], set())) != 2:
            raise ModelError("The mesh's faces are not FLAME's: it has no closed rings around mouth and eyes.", HINT)
        last = loop[-1]
        if ahead[0] == start or (len(loop) > 2 and start in ahead):
            return loop
        loop.append(ahead[0])


def split_loop(loop: list[int], across: npt.NDArray[np.floating], upper: int) -> tuple[Int32Array, Int32Array]:
    """Split a loop into the half with the vertex `upper` and the other half.

    Both run from the lowest `across` (V,) to the highest and include both ends.
    """
    first, last = loop.index(loop[int(np.argmin(across[loop]))]), loop.index(loop[int(np.argmax(across[loop]))])
    turned = loop[first:] + loop[:first]
    split = (last - first) % len(loop)
    one = np.array(turned[: split + 1], np.int32)
    two = np.array([turned[0], *turned[: split - 1 : -1]], np.int32)
    return (one, two) if upper in one[1:-1] else (two, one)
