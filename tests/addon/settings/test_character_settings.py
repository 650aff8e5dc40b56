"""The character that a picked object leads to, with what the user set for it."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest

from diface_addon.settings import character_settings, scene_settings
from tests.addon.panels.panel_drawing import drawn
from tests.addon.rig import small_characters as small
from tests.addon.scene import scenes

NAMES = {
    "hips": "Hips",
    "chest": "Spine",
    "neck": "Neck",
    "head": "Head",
    "jaw": "Jaw",
    "left": "LeftEye",
    "right": "RightEye",
    "tongue": "Tongue",
}


@pytest.fixture
def parts(scene) -> dict[str, bpy.types.Object]:
    return small.add_avatar(NAMES)


def test_any_object_leads_to_the_main_mesh(scene, parts) -> None:
    for picked in parts.values():
        bpy.context.view_layer.objects.active = picked
        assert scene_settings.character(bpy.context) == parts["face"]
        scene.diface.character = picked
        bpy.context.view_layer.objects.active = None
        assert scene_settings.character(bpy.context) == parts["face"]
        scene.diface.character = None


def test_object_without_a_character_is_itself(scene, parts) -> None:
    cube = scenes.add_character(scene, ())
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(camera)
    for picked in (cube, camera):
        bpy.context.view_layer.objects.active = picked
        assert scene_settings.character(bpy.context) == picked
    assert character_settings.find(camera) is None


def test_panel_shows_what_was_found(scene, parts) -> None:
    bpy.context.view_layer.objects.active = parts["rig"]
    shown = drawn("Character")
    assert "Face: Face" in shown
    assert {"Teeth", "Hair", "EyeL", "EyeR", "Body"} <= set(shown)
    assert {"Head", "Neck", "Jaw", "LeftEye", "RightEye", "Rig"} <= set(shown)
    assert "The head's rotation is written to Head" in shown


def test_panel_without_a_character(scene) -> None:
    assert "No character is selected" in drawn("Character")


def test_notes_are_shown(scene) -> None:
    scenes.add_character(scene, ())
    assert any("no face" in item for item in drawn("Character"))


def test_bones_and_head_motion_that_the_user_set(scene, parts) -> None:
    settings = parts["face"].diface
    settings.jaw_bone, settings.neck_bone = "Tongue", "Spine"
    found = character_settings.find(parts["rig"])
    assert (found.bones.jaw, found.bones.neck) == ("Tongue", ("Spine",))
    assert found.bones.head == "Head"
    settings.head_motion = "NONE"
    assert character_settings.find(parts["rig"]).bones.head == ""
    assert "The head's rotation is written to nothing" in drawn_of(parts["rig"])


def drawn_of(obj: bpy.types.Object) -> list[str]:
    bpy.context.view_layer.objects.active = obj
    return drawn("Character")


def test_part_is_left_out_and_used_again(scene, parts) -> None:
    bpy.context.view_layer.objects.active = parts["rig"]
    for _time in range(2):
        bpy.ops.diface.use_part(part="Hair")
        assert parts["hair"] not in character_settings.find(parts["rig"]).on_head
        assert "Not Used" in drawn("Character")
        bpy.ops.diface.use_part(part="Hair")
        assert parts["hair"] in character_settings.find(parts["rig"]).on_head
        assert len(parts["face"].diface.parts) == 0


def test_part_that_does_not_exist_is_refused(scene, parts) -> None:
    bpy.context.view_layer.objects.active = parts["rig"]
    with pytest.raises(RuntimeError, match="There is no object Gone"):
        bpy.ops.diface.use_part(part="Gone")


def test_selected_objects_are_added(scene, parts) -> None:
    lamp = small.add_mesh("Earring", (5, 0, 1.6), (0.01, 0.01, 0.01))
    scene.diface.character = parts["face"]
    for obj in scene.objects:
        obj.select_set(obj == lamp)
    bpy.ops.diface.add_parts()
    found = character_settings.find(parts["rig"])
    assert lamp in (*found.on_head, *found.body)
    assert not bpy.ops.diface.add_parts.poll()
    scene.diface.character = None
    bpy.context.view_layer.objects.active = lamp
    assert scene_settings.character(bpy.context) == parts["face"]


def test_choices_survive_saving_and_renaming(scene, parts, tmp_path: Path) -> None:
    bpy.context.view_layer.objects.active = parts["rig"]
    bpy.ops.diface.use_part(part="Hair")
    parts["face"].diface.jaw_bone = "Tongue"
    parts["hair"].name = "Wig"
    file = str(tmp_path / "file.blend")
    bpy.ops.wm.save_as_mainfile(filepath=file)
    bpy.ops.wm.open_mainfile(filepath=file)
    found = character_settings.find(bpy.data.objects["Rig"])
    assert found.bones.jaw == "Tongue"
    assert "Wig" not in [obj.name for obj in (*found.on_head, *found.body)]
