"""Characters that are not as expected: a clear message or the obvious right thing, and nothing is lost."""

from __future__ import annotations

from pathlib import Path

import bmesh
import bpy
import numpy as np
import pytest
from mathutils import Matrix

from diface_addon import compat
from diface_addon.core import errors
from diface_addon.jobs import generate
from diface_addon.rig import parts
from diface_addon.scene.animation import active_actions
from diface_addon.scene.characters import humanoid_mesh
from diface_addon.scene.pins import pins
from diface_addon.settings import character_settings, scene_settings
from tests.addon.panels.panel_drawing import drawn
from tests.addon.rig import small_characters as small
from tests.addon.scene import scenes
from tests.addon.settings.test_character_settings import NAMES

CLICKS = [0.25, 1.0]
LOUD = 7
"""Frame of the first click."""


def add_avatar(**names: str) -> dict[str, bpy.types.Object]:
    """Add a character of several parts, with other bone names; its face is active."""
    found = small.add_avatar({**NAMES, **names})
    bpy.context.view_layer.objects.active = found["face"]
    return found


def generated(clicks, text: str = "") -> str:
    """Generate, and return what the panel says."""
    scenes.use_audio_file(bpy.context.scene, clicks(CLICKS))
    assert bpy.ops.diface.generate() == {"FINISHED"}
    said = bpy.context.window_manager.diface.message
    assert text in said
    return said


def value_at(block: bpy.types.ShapeKey, frame: int = LOUD) -> float:
    bpy.context.scene.frame_set(frame)
    return block.value


# Faces


def test_face_without_a_mouth(scene, clicks, worker) -> None:
    """Only brows and lids: they are animated, and the message says what does not move."""
    face = small.add_head("Face", ("eyeBlinkLeft", "eyeBlinkRight", "browInnerUp"))
    bpy.context.view_layer.objects.active = face
    generated(clicks, "Nothing opens the mouth")
    names = {curve.data_path for curve in pins.pinnable_fcurves(face) if curve.data_path.startswith("key_blocks")}
    assert 'key_blocks["browInnerUp"].value' in names


def test_two_keys_that_differ_in_case(scene, clicks, worker) -> None:
    """ARKit's spelling is animated; the other key is the user's, and keeps its value and its curve."""
    face = scenes.add_character(scene, ("jawopen", "jawOpen", "JAWOPEN"))
    other = face.data.shape_keys.key_blocks["JAWOPEN"]
    other.value, face.data.shape_keys.key_blocks["jawopen"].value = 0.25, 0.0
    generated(clicks)
    keys = face.data.shape_keys.key_blocks
    assert value_at(keys["jawOpen"]) > 0.5
    assert value_at(other) == 0.25
    assert value_at(keys["jawopen"]) == 0.0


def test_locked_shape_keys(scene, head, clicks, worker) -> None:
    """Their lock is against sculpting; their values are animated as before."""
    for key in head.data.shape_keys.key_blocks:
        key.lock_shape = True
    rest = [point.co.copy() for point in head.data.shape_keys.key_blocks["jawOpen"].data]
    generated(clicks)
    assert value_at(head.data.shape_keys.key_blocks["jawOpen"]) > 0.5
    assert all(key.lock_shape for key in head.data.shape_keys.key_blocks)
    assert [point.co for point in head.data.shape_keys.key_blocks["jawOpen"].data] == rest


QUOTED = 'jawOpen"\'\\]["頬をふくらませる顔です'
"""A name with all that RNA paths escape. Blender cuts names at 63 bytes."""


def long_name(start: str, fill: str = "口") -> str:
    """Return a name of as many bytes as Blender takes, at most 63, that begins with `start`."""
    return start + fill * ((63 - len(start.encode())) // len(fill.encode()))


def test_names_of_63_bytes_with_quotes_and_japanese(scene, clicks, worker, tmp_path: Path) -> None:
    """Objects, bones, shape keys: take, pin, Regenerate and saving."""
    objects = add_avatar(head=long_name('Head"\'\\]["'), jaw=long_name("Jaw'\""))
    face, rig, teeth = objects["face"], objects["rig"], objects["teeth"]
    face.name, rig.name, teeth.name = long_name('顔"\\'), long_name("骨'"), long_name('歯"')
    face.data.shape_keys.key_blocks["mouthPucker"].name = long_name("mouthPucker\"'\\")
    mine = face.shape_key_add(name=QUOTED, from_mix=False)
    mine.value = 0.0  # 1.0 from 5.0 on
    generated(clicks)
    assert len(face.name.encode()) > 60
    bone = character_settings.find(face).bones.head
    assert bone == long_name('Head"\'\\]["')
    paths = {address[1] for address in pins_addresses(face)}
    assert any(bpy.utils.escape_identifier(bone) in path for path in paths)
    key = face.data.shape_keys.key_blocks["jawOpen"]
    key.value = 0.75
    key.keyframe_insert("value", frame=30)
    assert bpy.ops.diface.regenerate(where="AROUND") == {"FINISHED"}
    assert value_at(key, 30) == value_at(teeth.data.shape_keys.key_blocks["jawOpen"], 30) == pytest.approx(0.75)
    assert value_at(mine, 30) == 0.0
    takes = [action.name for action in active_actions.active_actions(face)]
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "names.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "names.blend"))
    face = bpy.data.objects[long_name('顔"\\')]
    assert [action.name for action in active_actions.active_actions(face)] == takes
    assert value_at(face.data.shape_keys.key_blocks["jawOpen"], 30) == pytest.approx(0.75)


def pins_addresses(obj: bpy.types.Object) -> list[tuple[str, str, int]]:
    """Return the addresses of the curves that animate a character."""
    found = []
    for kind, block in parts.data_blocks(obj).items():
        bag = compat.active_channelbag(block.animation_data) if block.animation_data else None
        found += [(kind, curve.data_path, curve.array_index) for curve in (bag.fcurves if bag else ())]
    return found


# Meshes


def spoil(obj: bpy.types.Object) -> None:
    """Make a mesh non-manifold: loose vertices and edges, doubled faces, a face without area, a hole."""
    edit = bmesh.new()
    edit.from_mesh(obj.data)
    edit.verts.ensure_lookup_table()
    edit.faces.ensure_lookup_table()
    bmesh.ops.delete(edit, geom=[edit.faces[3]], context="FACES_ONLY")
    loose = [edit.verts.new((0.02 * index, -0.2, small.HEIGHT)) for index in range(4)]
    edit.edges.new(loose[:2])
    edit.verts.ensure_lookup_table()
    same = edit.verts[5].co.copy()
    edit.faces.new([edit.verts.new(same) for _corner in range(3)])
    edit.verts.ensure_lookup_table()
    edge = edit.verts[40].link_edges[0]
    for index in (200, 210, 220):
        edit.faces.new([*edge.verts, edit.verts[index]])
    edit.to_mesh(obj.data)
    edit.free()


def test_non_manifold_mesh(scene, clicks, worker) -> None:
    objects = add_avatar()
    spoil(objects["face"])
    bpy.context.view_layer.update()
    found = character_settings.find(objects["rig"])
    assert (found.main, found.bones.head) == (objects["face"], "Head")
    generated(clicks)
    assert value_at(objects["face"].data.shape_keys.key_blocks["jawOpen"]) > 0.5


@pytest.mark.parametrize("broken", ["empty", "flat", "infinite"])
def test_mesh_without_a_shape_in_space(scene, clicks, worker, broken) -> None:
    """A mesh without vertices, of no size, or with coordinates that are no numbers: the message says so."""
    face = scenes.add_character(scene, ("jawOpen", "mouthSmileLeft"))
    if broken == "empty":
        mesh = bpy.data.meshes.new("Empty")
        face = bpy.data.objects.new("Empty", mesh)
        scene.collection.objects.link(face)
        face.shape_key_add(name="Basis")
        face.shape_key_add(name="jawOpen")
        bpy.context.view_layer.objects.active = face
    for key in face.data.shape_keys.key_blocks:
        for point in key.data:
            point.co = (0, 0, 0) if broken == "flat" else (float("nan"), float("inf"), 0.0)
    scenes.use_audio_file(scene, clicks(CLICKS))
    assert bpy.ops.diface.generate() == {"FINISHED"}
    if broken != "empty":  # of whose shapes nothing is known
        assert "move nothing: its face stays still" in bpy.context.window_manager.diface.message


def test_mesh_of_200_000_vertices(scene, clicks, worker, monkeypatch) -> None:
    """It is found and animated like a small one. Above its limit Add ARKit Shape Keys says how many it takes."""
    objects = add_avatar()
    large = bmesh.new()
    bmesh.ops.create_grid(large, x_segments=451, y_segments=451, size=0.1)
    large.transform(Matrix.Translation((0, -0.09, small.HEIGHT)) @ Matrix.Rotation(np.pi / 2, 4, "X"))
    mesh = bpy.data.meshes.new("Large")
    large.to_mesh(mesh)
    large.free()
    face = objects["face"]
    face.shape_key_clear()
    objects["teeth"].shape_key_clear()  # a mesh with face shapes would be taken for the face
    face.data = mesh
    face.vertex_groups.clear()
    small.bind(face, objects["rig"], {"Head": 1.0})
    assert len(mesh.vertices) > 200_000
    monkeypatch.setattr(humanoid_mesh, "MAX_VERTICES", 200_000)
    with pytest.raises(RuntimeError, match=r"has 20[34],[0-9]{3} vertices.*at most 200,000"):
        bpy.ops.diface.add_arkit_keys()
    face.shape_key_add(name="Basis", from_mix=False)
    small.add_shape(face, "jawOpen")
    face.data.shape_keys.key_blocks["jawOpen"].value = 0.0
    assert character_settings.find(objects["hair"]).main == face
    generated(clicks)
    assert value_at(face.data.shape_keys.key_blocks["jawOpen"]) > 0.5


# Bodies and bones


def add_quadruped() -> dict[str, bpy.types.Object]:
    """Add a dog: a level spine, a head in front at its end, four legs, a tail. It faces -Y."""
    bones = [
        ("Hips", "", (0, 0.6, 0.6), (0, 0.3, 0.62)),
        ("Spine", "Hips", (0, 0.3, 0.62), (0, -0.1, 0.62)),
        ("Neck", "Spine", (0, -0.1, 0.64), (0, -0.3, 0.8)),
        ("Head", "Neck", (0, -0.3, 0.8), (0, -0.6, 0.8)),
        ("Jaw", "Head", (0, -0.38, 0.76), (0, -0.56, 0.74)),
        ("Tail", "Hips", (0, 0.6, 0.62), (0, 0.95, 0.7)),
        *((f"Leg.{name}", "Spine", (x, y, 0.55), (x, y, 0.02)) for name, x, y in LEGS),
    ]
    rig = small.add_armature(bones, "Dog")
    head = small.add_mesh("Dog Head", (0, -0.45, 0.8), (0.07, 0.16, 0.08))
    head.shape_key_add(name="Basis", from_mix=False)
    for name, where, move in (
        ("jawOpen", (0, -0.55, 0.74), (0, 0, -0.03)),
        ("eyeBlinkLeft", (0.04, -0.42, 0.85), (0, 0, -0.01)),
        ("eyeBlinkRight", (-0.04, -0.42, 0.85), (0, 0, -0.01)),
        ("mouthFunnel", (0, -0.6, 0.78), (0, -0.01, 0)),
    ):
        key = head.shape_key_add(name=name, from_mix=False)
        for vertex in key.data:
            distance = np.linalg.norm(np.array(vertex.co) - where)
            vertex.co = np.array(vertex.co) + np.array(move) * max(0.0, 1.0 - distance / 0.08)
    body = small.add_mesh("Dog Body", (0, 0.25, 0.6), (0.14, 0.42, 0.16))
    legs = [small.add_mesh(f"Leg {name}", (x, y, 0.28), (0.04, 0.04, 0.28)) for name, x, y in LEGS]
    small.bind(head, rig, {"Head": 1.0})
    small.bind(body, rig, {"Spine": 0.7, "Hips": 0.3})
    for leg, (name, _x, _y) in zip(legs, LEGS, strict=True):
        small.bind(leg, rig, {f"Leg.{name}": 1.0})
    bpy.context.view_layer.update()
    return {"rig": rig, "head": head, "body": body, "leg": legs[0]}


LEGS = (("FL", 0.1, -0.05), ("FR", -0.1, -0.05), ("BL", 0.1, 0.5), ("BR", -0.1, 0.5))


@pytest.mark.parametrize("picked", ["rig", "head", "body", "leg"])
def test_quadruped(scene, clicks, worker, picked) -> None:
    """Its head moves, and nothing else: spine, legs and body stay where they are."""
    dog = add_quadruped()
    bpy.context.view_layer.objects.active = dog[picked]
    found = character_settings.find(dog[picked])
    assert (found.main, found.bones.head) == (dog["head"], "Head")
    assert set(found.body) >= {dog["body"], dog["leg"]}
    scenes.use_audio_file(scene, clicks(CLICKS))
    before = {part: evaluated_points(dog[part]) for part in ("head", "body", "leg")}
    assert bpy.ops.diface.generate() == {"FINISHED"}
    scene.frame_set(LOUD)
    after = {part: evaluated_points(dog[part]) for part in before}
    moved = {part: float(np.abs(after[part] - before[part]).max()) for part in before}
    assert moved["head"] > 0.01
    assert moved["body"] == pytest.approx(0, abs=1e-6)
    assert moved["leg"] == pytest.approx(0, abs=1e-6)


def evaluated_points(obj: bpy.types.Object) -> np.ndarray:
    """Return the vertices (V, 3) in the world, with modifiers."""
    shown_object = obj.evaluated_get(bpy.context.evaluated_depsgraph_get())
    matrix = np.array(shown_object.matrix_world)
    points = np.empty(3 * len(shown_object.data.vertices), np.float32)
    shown_object.data.vertices.foreach_get("co", points)
    return points.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]


def test_two_armatures_on_one_face(scene, clicks, worker) -> None:
    """The one with most weight in the face is used, and the panel says so; the other keeps its pose."""
    objects = add_avatar()
    other = small.add_armature([("Hat", "", (0, 0, 1.8), (0, 0, 1.9))], "Extra")
    objects["face"].vertex_groups.new(name="Hat").add(range(5), 0.1, "REPLACE")
    objects["face"].modifiers.new("Extra", "ARMATURE").object = other
    bpy.context.view_layer.objects.active = objects["face"]
    found = character_settings.find(objects["face"])
    assert found.armature == objects["rig"]
    assert any("Several armatures move Face" in note for note in found.notes)
    generated(clicks)
    assert other.animation_data is None


@pytest.mark.parametrize("kind", ["DAMPED_TRACK", "COPY_ROTATION", "LOCKED_TRACK", "COPY_TRANSFORMS"])
def test_constraint_that_fights_the_head(scene, clicks, worker, kind) -> None:
    """The panel and the message name it, with what to do; it stays on the bone."""
    objects = add_avatar()
    target = bpy.data.objects.new("Look Here", None)
    target.location = (0.0, -2.0, 1.6)
    scene.collection.objects.link(target)
    constraint = objects["rig"].pose.bones["Head"].constraints.new(kind)
    constraint.target = target
    bpy.context.view_layer.update()
    assert "Head" in generated(clicks, constraint.name)
    assert constraint.name in " ".join(drawn("Character"))
    constraint.influence = 0.0
    assert constraint.name not in " ".join(drawn("Character"))
    assert len(objects["rig"].pose.bones["Head"].constraints) == 1


def test_driver_that_fights_the_head(scene, clicks, worker) -> None:
    objects = add_avatar()
    pose = objects["rig"].pose.bones["Head"]
    pose.rotation_mode = "XYZ"
    pose.driver_add("rotation_euler", 0)
    assert "driver" in generated(clicks, "Head")


# While a job runs


@pytest.fixture
def finished(scene, clicks, worker):
    """A finished generation for a character of several parts, not written yet, with its objects."""
    objects = add_avatar()
    scenes.use_audio_file(scene, clicks(CLICKS))
    job = generate.begin(bpy.context)
    job.task.wait()
    yield job, objects
    job.end()


def test_part_that_is_deleted_while_a_job_runs(finished) -> None:
    job, objects = finished
    bpy.data.objects.remove(objects["teeth"])
    job.write_result()
    assert value_at(objects["face"].data.shape_keys.key_blocks["jawOpen"]) > 0.5


def test_armature_that_is_deleted_while_a_job_runs(finished) -> None:
    """The face is animated; what is left of the character is not turned as a whole."""
    job, objects = finished
    body = objects["body"]
    bpy.data.objects.remove(objects["rig"])
    job.write_result()
    assert value_at(objects["face"].data.shape_keys.key_blocks["jawOpen"]) > 0.5
    assert body.animation_data is None


def test_everything_is_renamed_while_a_job_runs(finished) -> None:
    job, objects = finished
    for number, obj in enumerate(objects.values()):
        obj.name = f"{number} 改名"
    objects["rig"].data.bones["Head"].name = "頭"
    objects["face"].data.shape_keys.key_blocks["mouthPucker"].name = "other"
    job.write_result()
    assert value_at(objects["face"].data.shape_keys.key_blocks["jawOpen"]) > 0.5
    assert value_at(objects["teeth"].data.shape_keys.key_blocks["jawOpen"]) > 0.5


def test_mesh_that_is_deleted_while_a_job_runs(finished) -> None:
    job, objects = finished
    bpy.data.meshes.remove(objects["face"].data)
    with pytest.raises(errors.SceneError, match="deleted while DiFACE worked"):
        job.write_result()
    assert not bpy.data.actions


def test_another_character_takes_the_place_of_a_deleted_one(finished) -> None:
    """A new object with the name of the deleted one is another character: it gets nothing."""
    job, objects = finished
    bpy.data.objects.remove(objects["face"])
    other = scenes.add_character(bpy.context.scene)
    other.name = "Face"
    with pytest.raises(errors.SceneError, match="deleted while DiFACE worked"):
        job.write_result()
    assert scene_settings.character(bpy.context) == other
    assert other.data.shape_keys.animation_data is None
