"""The bundled head as a Blender object."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from diface_addon.core import channels, errors, head_file
from diface_addon.operators.characters import add_head as operator
from diface_addon.scene.characters import shape_keys, stage
from diface_addon.scene.characters.bundled_head import MARK, add_head
from tests.addon.scene import scenes


@pytest.fixture(autouse=True)
def empty() -> None:
    scenes.new_file()


def vertices(obj: bpy.types.Object) -> np.ndarray:
    """Return the vertices (V, 3) of the evaluated mesh."""
    mesh = obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    points = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", points)
    return points.reshape(-1, 3)


def test_head_is_active_selected_and_at_its_location() -> None:
    other = bpy.data.objects.new("Other", None)
    bpy.context.collection.objects.link(other)
    other.select_set(True)
    obj = add_head(bpy.context, (1.0, 2.0, 3.0))
    assert (obj.name, obj.data.name) == ("DiFACE Head", "DiFACE Head")
    assert tuple(obj.location) == (1.0, 2.0, 3.0)
    assert obj.select_get()
    assert not other.select_get()
    assert bpy.context.view_layer.objects.active == obj
    assert obj.name in bpy.context.collection.objects
    assert obj[MARK] == 3
    assert MARK not in other


def test_mesh_equals_the_core_head() -> None:
    head, obj = head_file.load_head(), add_head(bpy.context)
    mesh = obj.data
    assert not mesh.validate(verbose=False)
    assert len(mesh.polygons) == len(head.polygon_starts)
    np.testing.assert_allclose(vertices(obj), head.vertices, atol=1e-7)
    assert all(polygon.use_smooth for polygon in mesh.polygons)
    uvs = np.empty(2 * len(mesh.loops), np.float32)
    mesh.uv_layers.active.data.foreach_get("uv", uvs)
    np.testing.assert_allclose(uvs.reshape(-1, 2), head.uvs)
    colours = np.empty(4 * len(mesh.vertices), np.float32)
    mesh.color_attributes.active_color.data.foreach_get("color_srgb", colours)
    np.testing.assert_allclose(colours.reshape(-1, 4), head.colours, atol=2 / 255)


def test_shape_keys_equal_the_core_deltas() -> None:
    head, obj = head_file.load_head(), add_head(bpy.context)
    keys = obj.data.shape_keys.key_blocks
    assert tuple(key.name for key in keys) == (shape_keys.BASIS, *channels.SHAPES)
    assert all(key.value == 0 and key.slider_min == 0 and 1 <= key.slider_max <= 1.5 for key in keys[1:])
    weights = np.random.default_rng(2).uniform(0, 1, len(channels.FACE)).astype(np.float32)
    for name, weight in zip(channels.FACE, weights, strict=True):
        keys[name].value = weight
    keys["breathIn"].value = 0.5
    np.testing.assert_allclose(vertices(obj), head.pose(weights) + 0.5 * head.extra["breathIn"], atol=2e-6)


def test_materials_are_shared_by_two_heads() -> None:
    first, second = add_head(bpy.context), add_head(bpy.context)
    assert second.name == "DiFACE Head.001"
    assert [m.name for m in first.data.materials] == [f"DiFACE {name}" for name in head_file.load_head().materials]
    assert list(first.data.materials) == list(second.data.materials)
    for material in first.data.materials:
        shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
        colour = next(node for node in material.node_tree.nodes if node.type == "VERTEX_COLOR")
        assert colour.layer_name == first.data.color_attributes.active_color.name
        assert shader.inputs["Base Color"].is_linked
        assert shader.outputs["BSDF"].is_linked
        assert max(material.diffuse_color[:3]) > 0.02
    skin = first.data.materials[0]
    skin.diffuse_color = (0, 0, 1, 1)  # the user's change is kept when another head is added
    add_head(bpy.context)
    assert tuple(skin.diffuse_color) == (0, 0, 1, 1)


def test_users_material_of_the_same_name_is_unchanged() -> None:
    user_material = bpy.data.materials.new("DiFACE Skin")
    obj = add_head(bpy.context)
    assert user_material not in list(obj.data.materials)
    assert user_material.users == 0


def test_stage_frames_the_face_and_keeps_the_world() -> None:
    obj = add_head(bpy.context, (0.5, 0.0, 1.5))
    camera = stage.add_stage(bpy.context, obj)
    scene = bpy.context.scene
    assert scene.camera == camera
    assert scene.world.name == stage.NAME
    lights = [o for o in bpy.data.collections[stage.NAME].objects if o.type == "LIGHT"]
    assert len(lights) == 3
    bpy.context.view_layer.update()
    from bpy_extras.object_utils import world_to_camera_view

    head = head_file.load_head()
    scene.render.resolution_x = scene.render.resolution_y = 512
    seen = [world_to_camera_view(scene, camera, obj.matrix_world @ v.co) for v in obj.data.vertices]
    face = [seen[index] for index in head.landmarks["face"]]
    assert all(0.1 < point.x < 0.9 and 0.1 < point.y < 0.9 and point.z > camera.data.clip_start for point in face)
    mine = scene.world
    stage.add_stage(bpy.context, obj)
    assert scene.world == mine


def test_operator_adds_the_head_at_the_cursor() -> None:
    bpy.context.scene.cursor.location = (0.0, 1.0, 0.0)
    assert bpy.ops.diface.add_head() == {"FINISHED"}
    assert tuple(bpy.context.active_object.location) == (0.0, 1.0, 0.0)
    assert bpy.context.scene.camera is None
    assert bpy.ops.diface.add_head(with_stage=True) == {"FINISHED"}
    assert bpy.context.scene.camera is not None


def test_operator_reports_missing_head_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_context: bpy.types.Context, _location: object) -> None:
        raise errors.ModelError("The head's file is missing.", "Run build.py.")

    monkeypatch.setattr(operator.bundled_head, "add_head", missing)
    with pytest.raises(RuntimeError, match=r"The head's file is missing\. Run build\.py\."):
        bpy.ops.diface.add_head()
    assert not bpy.data.objects
    monkeypatch.undo()
    bpy.ops.diface.add_head()
    bpy.ops.object.mode_set(mode="EDIT")
    with pytest.raises(RuntimeError, match="Object Mode"):
        bpy.ops.diface.add_head()
    bpy.ops.object.mode_set(mode="OBJECT")


def test_workbench_shows_materials_without_color_attributes() -> None:
    scene = bpy.context.scene
    stage.use_workbench_look(scene, add_head(bpy.context))
    assert scene.display.shading.color_type == "VERTEX"
    stage.use_workbench_look(scene, scenes.add_character(scene))
    assert scene.display.shading.color_type == "MATERIAL"


def test_workbench_render_has_skin_colours(tmp_path: Path) -> None:
    obj = add_head(bpy.context)
    stage.add_stage(bpy.context, obj)
    scene = bpy.context.scene
    scene.render.engine = "BLENDER_WORKBENCH"
    stage.use_workbench_look(scene, obj)
    scene.render.resolution_x = scene.render.resolution_y = 128
    scene.render.filepath = str(tmp_path / "head.png")
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(str(tmp_path / "head.png"))
    pixels = np.array(image.pixels[:]).reshape(128, 128, 4)
    cheek = pixels[55:62, 50:56, :3].mean(axis=(0, 1))
    hair = pixels[108:112, 60:68, :3].mean(axis=(0, 1))
    assert cheek[0] > cheek[1] > cheek[2]
    assert cheek[0] > 3 * hair[0]
