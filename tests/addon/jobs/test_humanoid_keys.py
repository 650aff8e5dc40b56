"""Add ARKit Shape Keys for meshes that are not FLAME's. The worker's engine is a stand-in that moves every vertex."""

from __future__ import annotations

from types import SimpleNamespace

import bpy
import numpy as np
import pytest

from diface_addon.core import channels, errors, types
from diface_addon.jobs.new_shapes import arkit_keys, humanoid_keys
from diface_addon.scene.characters import face_landmarks, flame_mesh, humanoid_mesh
from diface_addon.settings import character_settings
from tests.addon.panels.panel_drawing import drawn
from tests.addon.rig import small_characters

MOVE = (0.0, -0.01, 0.0)
"""How far the stand-in's jawOpen moves every vertex, in the world."""


def add_ball(name: str, scale: float = 1.0, parent: bpy.types.Object | None = None) -> bpy.types.Object:
    """Add a ball, linked to the scene."""
    bpy.ops.mesh.primitive_uv_sphere_add()
    obj = bpy.context.active_object
    obj.name, obj.scale, obj.parent = name, (scale,) * 3, parent
    bpy.context.view_layer.update()
    return obj


@pytest.fixture
def character(scene) -> bpy.types.Object:
    """Return a face without shape keys, turned and scaled, with teeth and with eyes that share a mesh."""
    top = bpy.data.objects.new("Character", None)
    scene.collection.objects.link(top)
    face = add_ball("Face", 0.5, top)
    face.rotation_euler = (0.3, 0.0, 1.2)
    face.modifiers.new("Subdivision", "SUBSURF")
    add_ball("Teeth", 0.1, top)
    eye = add_ball("Eye", 0.1, top)
    other = bpy.data.objects.new("Other Eye", eye.data)
    other.parent = top
    scene.collection.objects.link(other)
    add_ball("Somebody Else")
    bpy.context.view_layer.update()
    scene.diface.character = face
    return face


def offsets_in_world(obj: bpy.types.Object, key: str) -> np.ndarray:
    """Return the offsets (V, 3) of a shape key in the world."""
    block = obj.data.shape_keys.key_blocks[key]
    moved = np.array([point.co for point in block.data]) - flame_mesh.rest_vertices(obj)
    return moved @ np.array(obj.matrix_world.to_3x3()).T


def test_keys_of_all_meshes_of_the_character(character, worker) -> None:
    assert bpy.ops.diface.add_arkit_keys() == {"FINISHED"}
    for name in ("Face", "Teeth"):
        obj = bpy.data.objects[name]
        assert offsets_in_world(obj, "jawOpen") == pytest.approx(np.tile(MOVE, (len(obj.data.vertices), 1)), abs=1e-6)
    assert bpy.data.objects["Eye"].data.shape_keys is None  # the eyes share a mesh: keys would move both
    assert bpy.data.objects["Somebody Else"].data.shape_keys is None
    assert [modifier.type for modifier in character.modifiers] == ["SUBSURF"]
    key = character.data.shape_keys.key_blocks["jawOpen"]
    assert (key.value, key.slider_min, key.slider_max) == (0.0, 0.0, 1.5)


def test_result_says_what_is_missing(character, worker) -> None:
    job = arkit_keys.begin(bpy.context)
    try:
        job.wait()
        notes = " ".join(job.write_result().notes)
    finally:
        job.end()
    assert "2 more shape keys" in notes
    assert "Eye" in notes
    assert "tongueOut" in notes


def test_existing_keys_stay(character, worker) -> None:
    character.shape_key_add(name="Basis")
    mine = character.shape_key_add(name="Jaw_Open")
    mine.data[0].co.x += 1.0
    slim = character.shape_key_add(name="Slim")
    slim.value = 0.5
    bpy.ops.diface.add_arkit_keys()
    names = [block.name for block in character.data.shape_keys.key_blocks]
    assert names == ["Basis", "Jaw_Open", "Slim", "mouthClose"]
    assert slim.value == 0.5
    assert mine.data[0].co.x != pytest.approx(flame_mesh.rest_vertices(character)[0, 0])


class LookingShapes:
    """A stand-in for the worker's answer, in which `eyeLookUpLeft` and `jawOpen` move every vertex."""

    names = ("jawOpen", "eyeLookUpLeft")
    notes = ()

    def __init__(self, count: int) -> None:
        self.deltas = np.tile(np.array(MOVE, np.float32), (len(self.names), count, 1))


def test_eyeballs_that_nothing_turns_get_shapes_of_gaze_beside_a_whole_face(scene) -> None:
    face = small_characters.add_head()
    small_characters.add_shape(face, "eyeLookUpLeft")
    at = (0.032, -0.09, small_characters.HEIGHT + 0.035)
    eye, teeth = (small_characters.add_mesh(name, at, (0.012, 0.012, 0.012)) for name in ("Eye_L", "Teeth"))
    eye.parent = teeth.parent = face
    before = len(face.data.shape_keys.key_blocks)
    read = humanoid_keys.read_character(face)
    request = types.ShapesRequest(read.vertices, read.faces, is_flame=False)
    answer = LookingShapes(len(read.vertices))
    task = SimpleNamespace(wait_for=lambda _kind: answer, request_of=lambda _kind: request)
    humanoid_keys.HumanoidKeysJob(task, read).write_result()
    assert [block.name for block in eye.data.shape_keys.key_blocks][1:] == ["eyeLookUpLeft"]
    assert teeth.data.shape_keys is None
    assert len(face.data.shape_keys.key_blocks) == before


def test_parts_of_one_armature_belong_together(scene) -> None:
    rig = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    scene.collection.objects.link(rig)
    face, teeth, other = add_ball("Face"), add_ball("Teeth"), add_ball("Somebody Else")
    for obj in (face, teeth):
        obj.modifiers.new("Armature", "ARMATURE").object = rig
    read = humanoid_keys.read_character(face)
    assert read.objects == (face, teeth)
    assert read.counts == (482, 482)
    assert read.faces.max() == 2 * 482 - 1
    assert humanoid_keys.read_character(other).objects == (other,)


def test_parts_that_the_user_removed_get_no_keys(character, worker) -> None:
    character_settings.set_part(character, bpy.data.objects["Teeth"], use=False)
    assert bpy.ops.diface.add_arkit_keys() == {"FINISHED"}
    assert bpy.data.objects["Teeth"].data.shape_keys is None
    assert "jawOpen" in character.data.shape_keys.key_blocks


def test_placed_landmarks_are_sent_and_removed(character, worker) -> None:
    assert bpy.ops.diface.place_landmarks() == {"FINISHED"}
    found = face_landmarks.find(character)
    assert tuple(found) == channels.LANDMARKS
    assert found["left_eye"].location.x > found["right_eye"].location.x
    assert found["left_eye"].location.z > found["left_mouth_corner"].location.z > found["chin"].location.z
    found["chin"].location = (0.1, 0.2, 0.3)
    bpy.context.view_layer.update()
    assert bpy.ops.diface.place_landmarks() == {"FINISHED"}
    assert len(face_landmarks.find(character)) == 5
    job = arkit_keys.begin(bpy.context)
    try:
        sent = job.task.request_of(types.ShapesRequest).landmarks
        assert sent[4].tolist() == pytest.approx([0.1, 0.2, 0.3])
        job.wait()
        job.write_result()
    finally:
        job.end()
    assert face_landmarks.find(character) == {}


def test_deleted_landmark_is_named(character, worker) -> None:
    bpy.ops.diface.place_landmarks()
    bpy.data.objects.remove(face_landmarks.find(character)["chin"])
    with pytest.raises(RuntimeError, match="missing: Chin"):
        bpy.ops.diface.add_arkit_keys()
    bpy.ops.diface.place_landmarks()
    assert bpy.ops.diface.add_arkit_keys() == {"FINISHED"}


def test_mesh_edited_meanwhile_is_refused(character, worker) -> None:
    job = arkit_keys.begin(bpy.context)
    bpy.data.objects["Teeth"].data.vertices[3].co.x += 0.1
    try:
        job.wait()
        with pytest.raises(errors.SceneError, match="was edited during Add ARKit Shape Keys"):
            job.write_result()
    finally:
        job.end()
    assert character.data.shape_keys is None


def test_absolute_keys_and_edit_mode_are_refused(character, worker) -> None:
    bpy.context.view_layer.objects.active = character
    bpy.ops.object.mode_set(mode="EDIT")
    with pytest.raises(RuntimeError, match="Edit Mode"):
        bpy.ops.diface.add_arkit_keys()
    bpy.ops.object.mode_set(mode="OBJECT")
    character.shape_key_add(name="Basis")
    character.data.shape_keys.use_relative = False
    with pytest.raises(RuntimeError, match="absolute"):
        bpy.ops.diface.add_arkit_keys()


def test_large_mesh_is_refused_at_once(character, worker, monkeypatch) -> None:
    monkeypatch.setattr(humanoid_mesh, "MAX_VERTICES", 100)
    with pytest.raises(RuntimeError, match="482 vertices"):
        bpy.ops.diface.add_arkit_keys()


def test_panel_offers_the_keys(character) -> None:
    assert "diface.add_arkit_keys" in drawn()
