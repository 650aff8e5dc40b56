"""Patches of a surface: connected, apart from each other, and never across surfaces that only touch."""

from __future__ import annotations

import numpy as np
import pytest

from diface_core.faces.meshes.mesh_parts import mesh_edges, part_labels
from diface_core.faces.meshes.patches import surface_patches


def sheet(columns: int, rows: int, spacing: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the vertices and triangles of a flat grid with slightly uneven vertices."""
    x, y = np.meshgrid(np.arange(columns), np.arange(rows))
    vertices = np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1) * spacing
    vertices += 0.2 * spacing * np.random.default_rng(0).standard_normal(vertices.shape) * (1, 1, 0)
    first = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    ones = np.stack([first, first + 1, first + columns], axis=1)
    others = np.stack([first + 1, first + columns + 1, first + columns], axis=1)
    return vertices, np.concatenate([ones, others]).astype(np.int32)


def test_neighbouring_middles_are_apart() -> None:
    vertices, faces = sheet(30, 20, 0.3)
    edges, _ = mesh_edges(faces)
    middle = surface_patches(vertices, edges, 1.0)
    assert (middle[middle] == middle).all()
    ends = middle[edges]
    ends = ends[ends[:, 0] != ends[:, 1]]
    assert np.linalg.norm(vertices[ends[:, 0]] - vertices[ends[:, 1]], axis=1).min() >= 1.0
    assert 1 < len(np.unique(middle)) < len(vertices) / 4


def test_coarse_surface_stays() -> None:
    vertices, faces = sheet(12, 9, 4.0)
    edges, _ = mesh_edges(faces)
    shortest = np.linalg.norm(vertices[edges[:, 0]] - vertices[edges[:, 1]], axis=1).min()
    assert (surface_patches(vertices, edges, shortest) == np.arange(len(vertices))).all()


@pytest.mark.parametrize("gap", [0.0, 0.01])
def test_surfaces_that_touch_stay_apart(gap: float) -> None:
    vertices, faces = sheet(15, 15, 0.2)
    both = np.concatenate([vertices, vertices + (0, 0, gap)])
    edges, _ = mesh_edges(np.concatenate([faces, faces + len(vertices)]))
    middle = surface_patches(both, edges, 1.0)
    assert (middle[: len(vertices)] < len(vertices)).all()
    assert (middle[len(vertices) :] >= len(vertices)).all()


def test_labels_are_the_smallest_vertex_of_each_part() -> None:
    vertices, faces = sheet(9, 7, 1.0)
    count = len(vertices)
    shuffled = np.random.default_rng(1).permutation(3 * count)
    joined = shuffled[np.concatenate([faces, faces + count, faces + 2 * count])].astype(np.int32)
    labels = part_labels(joined, 3 * count + 1)
    for part in range(3):
        members = shuffled[part * count : (part + 1) * count]
        assert (labels[members] == members.min()).all()
    assert labels[-1] == 3 * count
