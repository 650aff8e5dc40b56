"""FLAME's mesh is recognised by its edges after any import, and other meshes are not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from diface_core.faces.flame import recognition as recognition
from diface_core.faces.flame.recognition import is_flame, polygon_edges, why_not_flame, why_not_flame_edges
from tests.core.faces.flame import flame_files

SKIN_FACES = 7800


@pytest.fixture(scope="module")
def mesh(shared) -> tuple[np.ndarray, np.ndarray]:
    held = flame_files.arrays(shared)
    return held["v_template"], held["faces"]


def test_flame_is_recognised(mesh):
    assert why_not_flame(*mesh) == ""
    assert is_flame(*mesh)


def test_edge_sample_is_of_flame_edges(mesh):
    np.testing.assert_array_equal(recognition.edge_sample(polygon_edges(mesh[1])), recognition.FLAME_EDGE_SAMPLE)
    assert len(recognition.FLAME_EDGE_SAMPLE) > 200
    assert len(polygon_edges(mesh[1])) == recognition.EDGE_COUNT


def test_any_order_and_winding_of_faces_is_recognised(mesh):
    vertices, faces = mesh
    rng = np.random.default_rng(0)
    shuffled = rng.permutation(faces)
    shuffled[::2] = shuffled[::2, ::-1]
    assert is_flame(vertices, np.roll(shuffled, 1, axis=1).astype(np.uint32))


def test_any_identity_unit_and_orientation_is_recognised(mesh):
    vertices, faces = mesh
    moved = 100 * (vertices + np.random.default_rng(0).normal(0, 0.002, vertices.shape))[:, [0, 2, 1]]
    assert is_flame(moved, faces)


def test_triangles_joined_to_quads_are_recognised(mesh):
    """As after Blender's Tris to Quads: pairs of triangles lose the edge between them."""
    vertices, faces = mesh
    beside: dict[tuple[int, int], list[int]] = {}
    for number, face in enumerate(faces.tolist()):
        for a, b in zip(face, face[1:] + face[:1], strict=True):
            beside.setdefault((min(a, b), max(a, b)), []).append(number)
    joined, removed = set(), []
    for edge, numbers in beside.items():
        if len(numbers) == 2 and not joined & set(numbers):
            joined |= set(numbers)
            removed.append(edge)
    edges = polygon_edges(faces)
    left = edges[~np.isin(edges @ [5023, 1], np.array(removed) @ [5023, 1])]
    assert len(left) < 0.75 * len(edges)
    assert why_not_flame_edges(len(vertices), left) == ""


def test_other_eyeballs_filled_mouth_and_cut_neck_are_recognised(mesh):
    vertices, faces = mesh
    skin = faces[:SKIN_FACES]
    hulls = [ConvexHull(vertices[part]).simplices + part.start for part in (slice(3931, 4477), slice(4477, 5023))]
    assert is_flame(vertices, np.concatenate([skin, *hulls]))
    assert is_flame(vertices, skin)
    sides = np.sort(np.stack([skin, np.roll(skin, -1, 1)], -1).reshape(-1, 2), 1)
    edges, count = np.unique(sides, axis=0, return_counts=True)
    border = edges[count == 1]
    filled = np.column_stack([border, np.full(len(border), border[0, 0])])
    assert is_flame(
        vertices, np.concatenate([faces, filled[(filled[:, 0] != filled[:, 2]) & (filled[:, 1] != filled[:, 2])]])
    )
    assert is_flame(vertices, faces[vertices[faces, 1].min(1) > -0.1])


def test_quads_give_the_edges_of_quads():
    edges = polygon_edges(np.array([[0, 1, 2, 3]]))
    assert edges.tolist() == [[0, 1], [0, 3], [1, 2], [2, 3]]


def test_another_mesh_with_as_many_vertices_is_refused(mesh):
    """A grid of 5,023 vertices; some consecutive vertices are neighbours in FLAME too."""
    vertices, _ = mesh
    corner = np.arange(5023 - 72)[np.arange(5023 - 72) % 71 != 70]
    grid = np.concatenate([np.column_stack([corner, corner + 1, corner + 71])] * 2)
    assert "it has 5,023 vertices, but its faces are not FLAME's: 17% of their edges" in why_not_flame(vertices, grid)


@pytest.mark.parametrize("share", [1.0, 0.5, 0.1])
def test_reordered_vertices_are_reported(mesh, share):
    vertices, faces = mesh
    rng = np.random.default_rng(1)
    order = np.arange(5023)
    some = rng.choice(3931, int(share * 3931), replace=False)
    order[some] = rng.permutation(order[some])
    assert "in another order" in why_not_flame(vertices, order[faces])


def test_small_part_of_flame_is_refused(mesh):
    vertices, faces = mesh
    assert "most of FLAME's faces are missing" in why_not_flame(vertices, faces[:2000])


@pytest.mark.parametrize(
    ("vertices", "faces", "why"),
    [
        (np.zeros((100, 3)), np.array([[0, 1, 2]]), "it has 100 vertices, FLAME's mesh has 5,023"),
        (np.zeros((5023, 3)), np.zeros((0, 3), int), "no faces"),
        (np.zeros((5023, 3)), np.array([[0, 1, 5023]]), "vertices that do not exist"),
        (np.zeros((5023, 3)), np.array([[0, 1, -2]]), "vertices that do not exist"),
        (np.full((5023, 3), np.nan), np.array([[0, 1, 2]]), "not finite"),
        (np.zeros((5023, 3)), np.array([[4000, 4001, 4002]]), "not FLAME's"),
        (np.zeros((5023, 2)), np.array([[4000, 4001, 4002]]), "not FLAME's"),
    ],
    ids=["few", "no faces", "too high", "negative", "nan", "eyes only", "flat"],
)
def test_malformed_mesh_is_refused_with_a_reason(vertices, faces, why):
    assert why in why_not_flame(vertices, faces)
    assert not is_flame(vertices, faces)
