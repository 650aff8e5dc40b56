"""Deformation transfer, registration and the correspondence: properties that hold without FLAME."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from diface_core.asset_build.registration import Surface, nearest_points, register_nonrigid
from diface_core.channels import FACE
from diface_core.errors import ModelError
from diface_core.faces.flame import correspondence, topology
from diface_core.faces.flame.mesh_files import read_mesh
from diface_core.faces.head import Head, load_head
from diface_core.faces.transfer.deformation_transfer import DeformationTransfer, SoftConstraint
from diface_core.faces.transfer.flame_lids import Eyeball, rotate_eyeball
from diface_core.faces.transfer.geometry import fit_similarity, nearest_barycentric, vertex_normals
from diface_core.faces.transfer.sparse import SparseMatrix

RNG = np.random.default_rng(4)


@pytest.fixture(scope="module")
def head() -> Head:
    return load_head()


def sphere(rows: int = 14, columns: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Return a unit sphere without its poles: vertices (V, 3) and outward faces (F, 3)."""
    polar, around = np.meshgrid(
        np.linspace(0.15, np.pi - 0.15, rows), np.arange(columns) * 2 * np.pi / columns, indexing="ij"
    )
    points = np.stack([np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), np.cos(polar)], -1)
    row, column = np.meshgrid(np.arange(rows - 1), np.arange(columns), indexing="ij")
    a, b = row * columns + column, row * columns + (column + 1) % columns
    faces = np.concatenate([np.stack([a, a + columns, b], -1), np.stack([b, a + columns, b + columns], -1)])
    return points.reshape(-1, 3), faces.reshape(-1, 3).astype(np.int32)


def rotation(x: float, y: float, z: float) -> np.ndarray:
    angle = np.linalg.norm([x, y, z])
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]) / angle
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k


@pytest.mark.parametrize("name", ["jawOpen", "mouthSmileLeft", "eyeBlinkRight", "browInnerUp"])
def test_transfer_to_itself_reproduces_each_shape(head: Head, name: str) -> None:
    skin = head.landmarks["skin"]
    at, faces = head.vertices[skin].astype(float), head.triangles()
    faces = np.searchsorted(skin, faces[np.isin(faces, skin).all(axis=1)]).astype(np.int32)
    deltas = head.deltas[FACE.index(name)][skin].astype(float)
    free = deltas.any(axis=1)
    found = DeformationTransfer(at, at, faces).offsets(deltas, free)
    assert np.abs(found - deltas).max() < 2e-5  # m; some of the mouth's triangles have almost no area
    assert not found[~free].any()


def test_rigid_rotation_of_the_source_rotates_the_target() -> None:
    source, faces = sphere()
    target = source * [1.0, 1.6, 0.7] + 0.05 * np.sin(5 * source[:, [1, 2, 0]])
    turn = rotation(0.3, -0.5, 0.8)
    free = np.ones(len(source), bool)
    free[0] = False
    found = DeformationTransfer(source, target, faces).offsets(source @ turn.T - source, free)
    wanted = (target - target[0]) @ turn.T + target[0]
    np.testing.assert_allclose(target + found, wanted, atol=1e-6)


def test_constraints_are_met_and_fixed_vertices_stay() -> None:
    source, faces = sphere()
    free = source[:, 2] < 0.5
    chosen = int(np.argmin(source[:, 2]))
    row = SparseMatrix(np.array([0]), np.array([chosen]), np.ones(1), (1, len(source)))
    moved = np.array([[0.1, 0.2, -0.3]])
    found = DeformationTransfer(source, source, faces).offsets(
        np.zeros_like(source), free, (SoftConstraint(row, moved, 1e6),)
    )
    np.testing.assert_allclose(found[chosen], moved[0], atol=1e-4)
    assert not found[~free].any()
    assert found[free].any(axis=1).mean() > 0.9


def test_unknown_vertices_follow_smoothly() -> None:
    source, faces = sphere()
    known = np.ones(len(source), bool)
    known[150:160] = False
    broken = np.where(known[:, None], source, 0.0)
    free = np.ones(len(source), bool)
    free[0] = False
    turn = rotation(0.0, 0.0, 0.2)
    found = DeformationTransfer(broken, source, faces, known).offsets((broken @ turn.T - broken), free)
    assert np.isfinite(found).all()
    assert np.abs(source + found - ((source - source[0]) @ turn.T + source[0])).max() < 0.1


def test_nearest_barycentric_points_are_nearest() -> None:
    corners, points = RNG.normal(size=(200, 3, 3)), RNG.normal(size=(200, 3))
    weights = nearest_barycentric(points, corners)
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(1), 1.0)
    away = np.linalg.norm((weights[..., None] * corners).sum(1) - points, axis=1)
    others = RNG.dirichlet([0.7, 0.7, 0.7], size=(4000,))
    tried = np.linalg.norm(np.einsum("kc,ncx->nkx", others, corners) - points[:, None], axis=2).min(1)
    assert (away <= tried + 1e-9).all()
    assert (away >= tried - 0.3).all()


def test_fit_similarity_recovers_a_similarity() -> None:
    points, turn = RNG.normal(size=(50, 3)), rotation(0.4, 1.0, -0.2)
    scale, found, shift = fit_similarity(points, 2.5 * points @ turn.T + [1, 2, 3])
    assert scale == pytest.approx(2.5)
    np.testing.assert_allclose(found, turn, atol=1e-9)
    np.testing.assert_allclose(shift, [1, 2, 3], atol=1e-9)


def test_register_nonrigid_aligns_surfaces() -> None:
    at, faces = sphere(10, 14)
    other, other_faces = sphere(24, 32)
    goal = other * [1.0, 1.3, 0.8]
    target = Surface(goal, other_faces, np.zeros(len(other_faces), np.int32))
    marks = sparse.csr_matrix((np.ones(3), (np.arange(3), [0, 30, 77])), (3, len(at)))
    parts = np.zeros(len(at), np.int32)
    bent = register_nonrigid(at, faces, parts, target, marks, at[[0, 30, 77]] * [1.0, 1.3, 0.8])
    near = nearest_points(target, bent, vertex_normals(bent, faces), parts)
    inner = (at[:, 2] > -0.95) & (at[:, 2] < 0.95)
    assert near.found[inner].all()
    assert np.linalg.norm(near.points - bent, axis=1)[inner].max() < 0.02
    assert np.linalg.norm(bent[inner] - at[inner] * [1.0, 1.3, 0.8], axis=1).max() < 0.1


def test_eyeball_rotates_about_its_centre_as_the_source() -> None:
    source, _ = sphere()
    vertices = 0.013 * source + [0.03, 0.02, 0.01]
    turn = rotation(0.3, 0.1, 0.0)
    eyeball = Eyeball.fit(vertices)
    assert eyeball.radius == pytest.approx(0.013)
    np.testing.assert_allclose(eyeball.centre, [0.03, 0.02, 0.01], atol=1e-12)
    found = vertices + rotate_eyeball(vertices, eyeball, source + 7, source @ turn.T - source)
    np.testing.assert_allclose(found - eyeball.centre, (vertices - eyeball.centre) @ turn.T, atol=1e-12)


def test_shipped_correspondence_is_of_the_bundled_head_without_geometry(head: Head) -> None:
    found = correspondence.load_correspondence(head=head)
    sums = found.weights.sum(axis=1)
    assert ((np.abs(sums - 1) < 1e-12) | (sums == 0)).all()
    skin = head.landmarks["skin"]
    assert np.isin(found.corners[found.has_match], skin).all()
    assert found.has_match[: topology.SKIN_VERTEX_COUNT].sum() > 3800
    assert not found.has_match[topology.SKIN_VERTEX_COUNT :].any()
    with np.load(correspondence.ASSET) as arrays:
        assert {arrays[name].dtype.kind for name in arrays} == {"u", "U"}  # indices and weights, no coordinates


def test_correspondence_maps_lips_and_lids(head: Head) -> None:
    found = correspondence.load_correspondence(head=head)
    at = found.sample(head.vertices)
    upper = at[found.upper_lip]
    lower = (found.lower_weights[..., None] * at[found.lower_lip]).sum(1)
    assert np.linalg.norm(upper - lower, axis=1).max() < 1.5e-3
    corners = head.vertices[head.landmarks["mouth_corners"]]
    assert (upper[:, 0] > corners[0, 0]).all()
    assert (upper[:, 0] < corners[1, 0]).all()
    for side in ("Left", "Right"):
        for name, rim in zip(("upper", "lower"), found.lids[side][3], strict=True):
            line = head.vertices[head.landmarks[f"{name}_lid_{side.lower()}"]]
            near = np.linalg.norm(at[rim][:, None] - line, axis=2).min(1)
            assert near.max() < 2.5e-3


def test_correspondence_of_another_head_is_refused(head: Head) -> None:
    other = dataclasses.replace(head, vertices=head.vertices + np.float32(0.001))
    with pytest.raises(ModelError, match="another head"):
        correspondence.load_correspondence(head=other)


def test_malformed_correspondence_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.npz"
    with pytest.raises(ModelError, match="missing"):
        correspondence.load_correspondence(path)
    path.write_bytes(b"nothing")
    with pytest.raises(ModelError, match="cannot be read"):
        correspondence.load_correspondence(path)


def test_obj_polygons_are_read_as_triangles(tmp_path: Path) -> None:
    path = tmp_path / "m.obj"
    path.write_text("# a square\nv 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nf 1/1 2/1 3/1 4/1\nf -4 -3 -2\n")
    vertices, faces = read_mesh(path)
    assert vertices.shape == (4, 3)
    assert faces.tolist() == [[0, 1, 2], [0, 2, 3], [0, 1, 2]]
    path.write_text("v 0 zero 0\n")
    with pytest.raises(ModelError, match="cannot be read as an"):
        read_mesh(path)
