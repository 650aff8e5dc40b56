"""Linked characters: Make Library Override makes one editable, and everything is there after saving and reloading."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest
from mathutils import Matrix, Vector

from diface_addon.rig import parts
from diface_addon.scene.animation import active_actions
from diface_addon.scene.files import library_override
from diface_addon.scene.provenance import stored_request
from diface_addon.scene.takes import take_index
from diface_addon.settings import character_settings, mapping_list, performance, scene_settings
from tests.addon.panels.panel_drawing import drawn
from tests.addon.rig import small_characters as small
from tests.addon.scene import scenes
from tests.addon.settings.test_character_settings import NAMES

COLLECTION = "Hero"


def save_library(path: Path, rename: dict[str, str] | None = None) -> None:
    """Save a file with a character of several parts whose spine moves, in a collection; shape keys can be renamed."""
    scenes.new_file()
    objects = small.add_avatar(NAMES)
    scene = bpy.context.scene
    collection = bpy.data.collections.new(COLLECTION)
    scene.collection.children.link(collection)
    for obj in objects.values():
        scene.collection.objects.unlink(obj)
        collection.objects.link(obj)
    spine = objects["rig"].pose.bones["Spine"]
    spine.rotation_mode = "XYZ"
    for frame, angle in ((1, 0.0), (40, 0.4)):
        spine.rotation_euler.z = angle
        spine.keyframe_insert("rotation_euler", index=2, frame=frame)
    for old, new in (rename or {}).items():
        for obj in (objects["face"], objects["teeth"]):
            if old in obj.data.shape_keys.key_blocks:
                obj.data.shape_keys.key_blocks[old].name = new
    bpy.ops.wm.save_as_mainfile(filepath=str(path))


@pytest.fixture
def library(tmp_path) -> Path:
    path = tmp_path / "library.blend"
    save_library(path)
    scenes.new_file()
    return path


def link_instance(path: Path, name: str = "Instance") -> bpy.types.Object:
    """Link the collection and instance it by an empty, as File > Link does; return the empty, active."""
    with bpy.data.libraries.load(str(path), link=True) as (_source, linked):
        linked.collections = [COLLECTION]
    empty = bpy.data.objects.new(name, None)
    empty.instance_type, empty.instance_collection = "COLLECTION", linked.collections[0]
    bpy.context.scene.collection.objects.link(empty)
    bpy.context.view_layer.objects.active = empty
    return empty


def link_collection(path: Path) -> None:
    """Link the collection without an instance, and activate the linked armature."""
    with bpy.data.libraries.load(str(path), link=True) as (_source, linked):
        linked.collections = [COLLECTION]
    bpy.context.scene.collection.children.link(linked.collections[0])
    bpy.context.view_layer.objects.active = linked.collections[0].objects["Rig"]


def link_objects(path: Path) -> None:
    """Link the objects alone, and activate the hair."""
    with bpy.data.libraries.load(str(path), link=True) as (_source, linked):
        linked.objects = ["Rig", "Face", "Teeth", "Hair", "EyeL", "EyeR", "Body"]
    for obj in linked.objects:
        bpy.context.scene.collection.objects.link(obj)
    bpy.context.view_layer.objects.active = next(obj for obj in linked.objects if obj.name == "Hair")


def override_by_blender(path: Path) -> None:
    """Make a library override as Blender does, which leaves the meshes linked."""
    empty = link_instance(path)
    made = empty.instance_collection.override_hierarchy_create(
        bpy.context.scene, bpy.context.view_layer, reference=empty, do_fully_editable=True
    )
    bpy.context.view_layer.objects.active = next(obj for obj in made.all_objects if obj.type == "ARMATURE")


LINKS = [link_instance, link_collection, link_objects, override_by_blender]


def make() -> bpy.types.Object:
    """Press Make Library Override; return the main mesh."""
    assert bpy.ops.diface.make_override() == {"FINISHED"}
    return scene_settings.character(bpy.context)


def speak(clicks, times: list[float], name: str = "clicks.wav") -> None:
    scenes.use_audio_file(bpy.context.scene, clicks(times, name=name))
    assert bpy.ops.diface.generate() == {"FINISHED"}


def reopen(path: Path) -> bpy.types.Scene:
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.open_mainfile(filepath=str(path))
    return bpy.context.scene


def faces() -> list[bpy.types.Object]:
    """Return the overrides of the face in the file, by name."""
    return [obj for obj in bpy.data.objects if obj.override_library and obj.name.startswith("Face")]


@pytest.mark.parametrize("link", LINKS)
def test_linked_character_is_refused_with_the_button(library, link) -> None:
    link(library)
    with pytest.raises(RuntimeError, match=r"linked from another file.*Make Library Override"):
        bpy.ops.diface.generate()
    assert "diface.make_override" in drawn()


@pytest.mark.parametrize("link", LINKS)
def test_override_can_be_animated(library, clicks, worker, link) -> None:
    """All of it: face, teeth, bones; the body's animation goes on; nothing linked is left in the scene."""
    link(library)
    face = make()
    assert (face.name.partition(".")[0], face.library, face.data.library) == ("Face", None, None)
    assert "diface.make_override" not in drawn()
    assert all(obj.library is None for obj in bpy.context.scene.objects)
    assert len([obj for obj in bpy.context.scene.objects if obj.type == "ARMATURE"]) == 1
    assert not bpy.ops.diface.make_override.poll()
    speak(clicks, [0.25, 1.0])
    found = character_settings.find(face)
    assert found.bones.head == "Head"
    assert [obj.data.library for obj in found.faces] == [None, None]
    assert {*parts.data_blocks(face)} == {"KEY", "OBJECT", "KEY:1", "OBJECT:1", "OBJECT:2"}
    moved = [part.data.shape_keys.key_blocks["jawOpen"] for part in found.faces]
    bpy.context.scene.frame_set(7)
    assert [key.value for key in moved] == [pytest.approx(moved[0].value)] * 2
    assert moved[0].value > 0.3
    spine = found.armature.pose.bones["Spine"]
    bpy.context.scene.frame_set(40)
    assert spine.rotation_euler.z == pytest.approx(0.4)


def test_instance_keeps_its_place(library) -> None:
    empty = link_instance(library)
    empty.matrix_world = Matrix.Translation((3, 1, 0)) @ Matrix.Rotation(0.5, 4, "Z")
    bpy.context.view_layer.update()
    placed = empty.matrix_world.copy()
    face = make()
    bpy.context.view_layer.update()
    assert (face.matrix_world.translation - placed @ Vector((0, 0, 0))).length < 1e-5
    assert "Instance" not in bpy.data.objects


def test_everything_is_there_after_saving(library, clicks, worker, tmp_path) -> None:
    """Take, pins, parts, bones and settings; Regenerate goes on with them."""
    link_instance(library)
    face = make()
    own = face.diface.performance
    own.seed, own.head_axes, face.diface.tongue_bone = 5, (0.5, 1.0, 1.0), "Tongue"
    assert bpy.ops.diface.use_part(part="Hair") == {"FINISHED"}
    speak(clicks, [0.25, 1.0])
    keys, blocks = scenes.jaw_keys(face).copy(), set(parts.data_blocks(face))
    takes = {action.name for action in active_actions.active_actions(face)}
    scene = reopen(tmp_path / "shot.blend")
    (face,) = faces()
    bpy.context.view_layer.objects.active = face
    assert (scenes.jaw_keys(face) == keys).all()
    assert {action.name for action in active_actions.active_actions(face)} == takes
    assert set(parts.data_blocks(face)) == blocks
    own = performance.active(bpy.context)
    assert own == face.diface.performance
    assert (own.seed, tuple(own.head_axes), face.diface.tongue_bone) == (5, (0.5, 1.0, 1.0), "Tongue")
    assert [(item.part.name, item.use) for item in face.diface.parts] == [("Hair", False)]
    key = face.data.shape_keys.key_blocks["jawOpen"]
    key.value = 0.75
    key.keyframe_insert("value", frame=30)
    assert bpy.ops.diface.regenerate(where="AROUND") == {"FINISHED"}
    teeth = parts.part_objects(face)[1]
    scene.frame_set(30)
    assert key.value == teeth.data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(0.75)
    takes = {action.name for action in active_actions.active_actions(face)}
    reopen(tmp_path / "shot.blend")
    assert {action.name for action in active_actions.active_actions(faces()[0])} == takes


def test_two_overrides_of_one_character_speak_two_sounds(library, clicks, worker, tmp_path) -> None:
    for number, times in enumerate(([0.25], [1.0, 2.0])):
        empty = link_instance(library, f"Instance {number}")
        empty.location.x = 2.0 * number
        bpy.context.view_layer.update()
        make().diface.performance.seed = 3 + number
        speak(clicks, times, name=f"{number}.wav")
    reopen(tmp_path / "shot.blend")
    ada, ben = faces()
    assert ada.data != ben.data
    assert scenes.loud_frames(scenes.jaw_keys(ada)) == [7]
    assert scenes.loud_frames(scenes.jaw_keys(ben)) == [25, 49]
    for obj, seed in ((ada, 3), (ben, 4)):
        assert obj.diface.performance.seed == seed
        (action, *_more) = active_actions.active_actions(obj)
        assert stored_request.require_request(action)["seed"] == seed
    kept = scenes.jaw_keys(ada).tobytes()
    bpy.context.view_layer.objects.active = ben
    key = ben.data.shape_keys.key_blocks["jawOpen"]
    key.value = 0.75
    key.keyframe_insert("value", frame=30)
    assert bpy.ops.diface.regenerate(where="AROUND") == {"FINISHED"}
    assert scenes.jaw_keys(ada).tobytes() == kept


def test_data_is_there_after_the_library_was_reloaded(library, clicks, worker) -> None:
    link_instance(library)
    face = make()
    face.diface.performance.seed = 5
    speak(clicks, [0.25])
    keys, blocks = scenes.jaw_keys(face).copy(), set(parts.data_blocks(face))
    bpy.data.libraries[0].reload()
    bpy.context.view_layer.update()
    (face,) = faces()
    assert set(parts.data_blocks(face)) == blocks
    assert face.diface.performance.seed == 5
    assert (scenes.jaw_keys(face) == keys).all()


def test_shape_that_was_renamed_in_the_library_is_named(library, clicks, worker, tmp_path) -> None:
    """The take stays, what moves still moves, and the panel says which shapes are gone."""
    link_instance(library)
    speak_face = make()
    speak(clicks, [0.25])
    assert not any("no longer" in text for text in drawn("Takes"))
    assert speak_face.name.startswith("Face")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    save_library(library, {"mouthPucker": "funnel shape", "jawOpen": "JawDrop"})
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    (face,) = faces()
    bpy.context.view_layer.objects.active = face
    assert len(take_index.active_takes(face, take_index.all_takes())) == 1
    said = " ".join(drawn("Takes"))
    assert "jawOpen" in said
    assert "mouthPucker" in said
    assert "browInnerUp" not in said


def test_no_shape_keys_are_added_to_an_override(library) -> None:
    link_instance(library)
    make()
    with pytest.raises(RuntimeError, match="append the character"):
        bpy.ops.diface.add_arkit_keys()


def test_rows_of_the_mapping_are_kept_by_an_override(library, clicks, worker, tmp_path) -> None:
    """Rows made on the override are there after saving, and after the library was reloaded."""
    link_instance(library)
    face = make()
    bpy.context.view_layer.objects.active = face
    bpy.ops.diface.change_mapping_row(row=_row_of("jawOpen"))
    row = next(row for row in face.diface_mapping.rows if row.channel == "jawOpen" and row.owner == face)
    row.gain = 0.5
    count = len(face.diface_mapping.rows)
    speak(clicks, [0.25])
    peak = _peak(face)
    for _ in range(2):
        reopen(tmp_path / "shot.blend")
        (face,) = faces()
        assert len(face.diface_mapping.rows) == count
        row = next(row for row in face.diface_mapping.rows if row.channel == "jawOpen" and row.owner == face)
        assert (row.gain, row.shape_key, row.use) == (0.5, "jawOpen", True)
        bpy.context.view_layer.objects.active = face
        assert bpy.ops.diface.generate() == {"FINISHED"}
        assert _peak(face) == pytest.approx(peak)
        bpy.data.libraries[0].reload()


def _row_of(channel: str) -> int:
    rows = mapping_list.table(bpy.context)[1].rows
    return next(number for number, row in enumerate(rows) if row.channel == channel)


def _peak(face) -> float:
    """Return the largest value of jawOpen in the active take."""
    action = face.data.shape_keys.animation_data.action
    return float(scenes.curve_points(action, "KEY", 'key_blocks["jawOpen"].value')[:, 1].max())


def test_undo_brings_the_instance_back(library) -> None:
    link_instance(library)
    bpy.ops.ed.undo_push(message="linked")
    make()
    bpy.ops.ed.undo_push(message="override")
    bpy.ops.ed.undo()
    assert "Instance" in bpy.data.objects
    assert not faces()


def test_local_character_has_nothing_to_override(scene, head) -> None:
    assert not library_override.needs_override(head)
    assert not library_override.needs_override(None)
    with pytest.raises(RuntimeError, match="linked from another file"):
        bpy.ops.diface.make_override()
