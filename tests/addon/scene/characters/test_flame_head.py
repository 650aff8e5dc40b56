"""FLAME heads added from the user's file: read in Blender's process, any identity, upright."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import bpy
import numpy as np
import pytest

from diface_addon.core import flame_model
from diface_addon.scene.characters import flame_head, flame_mesh
from diface_addon.settings import preferences
from tests.addon.scene import fingerprint, scenes
from tests.addon.scene.characters import published_flame


@pytest.fixture(autouse=True)
def empty() -> None:
    scenes.new_file()


@pytest.fixture(scope="module")
def published(shared, tmp_path_factory) -> Path:
    """Write a pickle in the published format, with a sparse matrix and Python 2 strings."""
    path = tmp_path_factory.mktemp("flame") / "generic_model.pkl"
    path.write_bytes(published_flame.pickled(shared / "flame2023open.npz"))
    return path


@pytest.fixture
def flame_file(published, monkeypatch) -> Path:
    monkeypatch.setattr(preferences, "flame_file", lambda: published)
    monkeypatch.setattr(preferences, "templates_file", lambda: None)
    return published


def rest(obj: bpy.types.Object) -> np.ndarray:
    return flame_mesh.rest_vertices(obj)


def test_published_pickle_is_read_without_scipy(published) -> None:
    assert "scipy" not in sys.modules
    model = flame_model.load_flame(published)
    assert model.shape.shape == (5023, 3, 300)
    assert "scipy" not in sys.modules


def test_template_is_upright_and_faces_minus_y(flame_file) -> None:
    assert bpy.ops.diface.add_flame_head() == {"FINISHED"}
    obj, model = bpy.context.active_object, flame_model.load_flame(flame_file)
    assert obj[flame_head.MARK] == "template"
    assert not obj.data.validate(verbose=False)
    assert all(polygon.use_smooth for polygon in obj.data.polygons)
    vertices = rest(obj)
    eyes, skull = vertices[3931:].mean(0), vertices[:3931].mean(0)
    assert eyes[1] < skull[1] - 0.02  # the eyes are in front
    assert vertices[3931:4477, 0].mean() > 0.02  # the left one on +X
    x, y, z = (model.template - model.joints()[1]).T
    np.testing.assert_allclose(vertices, np.column_stack([x, -z, y]), atol=1e-6)


def test_seed_gives_a_reproducible_identity(flame_file) -> None:
    heads = []
    for seed, strength in ((0, 1.0), (7, 1.0), (7, 1.0), (8, 1.0), (7, 0.0)):
        bpy.ops.diface.add_flame_head(seed=seed, strength=strength)
        heads.append(bpy.context.active_object)
    assert [head[flame_head.MARK] for head in heads[:2]] == ["template", "seed 7"]
    assert heads[1].name == "FLAME Head seed 7"
    template, seven, again, eight, nothing = (rest(head) for head in heads)
    np.testing.assert_array_equal(seven, again)
    assert np.abs(seven - template).max() > 1e-3
    assert np.abs(seven - eight).max() > 1e-3
    np.testing.assert_array_equal(nothing, template)
    assert all(flame_mesh.is_flame(head) for head in heads)


def test_origin_is_in_the_neck_of_each_identity(flame_file) -> None:
    bpy.ops.diface.add_flame_head(seed=3, strength=1.5)
    placed = flame_mesh.estimate_placement(bpy.context.active_object, flame_file)
    assert np.abs(placed.neck).max() < 1e-6


def test_file_without_identities_is_reported(flame_file, shared, monkeypatch) -> None:
    monkeypatch.setattr(preferences, "flame_file", lambda: shared / "flame2023open.npz")
    before = fingerprint.of_file()
    with pytest.raises(RuntimeError, match="no identity basis"):
        bpy.ops.diface.add_flame_head(seed=1)
    assert fingerprint.difference(before, fingerprint.of_file()) == []
    assert bpy.ops.diface.add_flame_head() == {"FINISHED"}


class Harmful:
    def __init__(self, touched: Path) -> None:
        self.touched = touched

    def __reduce__(self):
        return Path.touch, (self.touched,)


def test_pickle_with_code_is_refused_and_the_scene_unchanged(flame_file, tmp_path, monkeypatch) -> None:
    (tmp_path / "f.pkl").write_bytes(pickle.dumps({"v_template": Harmful(tmp_path / "touched")}))
    monkeypatch.setattr(preferences, "flame_file", lambda: tmp_path / "f.pkl")
    before = fingerprint.of_file()
    with pytest.raises(RuntimeError, match="which is not an array"):
        bpy.ops.diface.add_flame_head()
    assert not (tmp_path / "touched").exists()
    assert fingerprint.difference(before, fingerprint.of_file()) == []


def test_other_mesh_with_as_many_vertices_is_not_flame() -> None:
    mesh = bpy.data.meshes.new("Grid")
    corner = [n for n in range(5023 - 72) if n % 71 != 70]
    mesh.from_pydata([(n % 71, n // 71, 0) for n in range(5023)], [], [(n, n + 1, n + 72, n + 71) for n in corner])
    obj = bpy.data.objects.new("Grid", mesh)
    assert not flame_mesh.is_flame(obj)
    with pytest.raises(flame_mesh.errors.SceneError, match="Grid is not a FLAME mesh: it has 5,023 vertices, but its"):
        flame_mesh.check(obj)


def test_tris_to_quads_keeps_a_flame_mesh(flame_file) -> None:
    bpy.ops.diface.add_flame_head()
    obj = bpy.context.active_object
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.mesh.tris_convert_to_quads()
    bpy.ops.object.mode_set(mode="OBJECT")
    assert len(obj.data.polygons) < 7000
    assert flame_mesh.is_flame(obj)
