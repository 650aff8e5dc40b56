"""Operators of pins: Pin Pose, Unpin, Unpin All, Copy Pose and Paste Pose; and takes of linked libraries."""

from __future__ import annotations

import json
from pathlib import Path

import bpy
import numpy as np
import pytest

from diface_addon.core import channels, errors, types
from diface_addon.scene.characters import bundled_head
from diface_addon.scene.keys.key_table import KeyTable
from diface_addon.scene.pins import pins
from diface_addon.scene.takes import take_index, write_take
from tests.addon.scene.small_takes import JAW, SMILE, curve, edit_keys, key_at, key_properties, write


def press(operator, **settings) -> set[str]:
    """Call an operator with an undo step, as a button does."""
    return operator("EXEC_DEFAULT", True, **settings)


@pytest.mark.parametrize(("frame", "subframe"), [(20, 0.0), (20, 0.25)])
def test_pose_is_pinned_and_unpinned(scene, head, frame, subframe) -> None:
    write(head)
    before = key_properties(head)
    scene.frame_set(frame, subframe=subframe)
    assert press(bpy.ops.diface.pin_pose, region="ALL") == {"FINISHED"}
    assert {(pin.path, pin.frame) for pin in pins.find_pins(head)} == {
        (path, frame + subframe) for path in (JAW, SMILE, "rotation_euler")
    }
    assert press(bpy.ops.diface.unpin, region="ALL") == {"FINISHED"}
    assert pins.find_pins(head) == []
    assert key_properties(head) == before


def test_only_the_regions_are_pinned_and_unpinned(scene, head) -> None:
    write(head)
    scene.frame_set(20)
    press(bpy.ops.diface.pin_pose, region="JAW")
    assert [pin.path for pin in pins.find_pins(head)] == [JAW]
    scene.diface.edit.regions = {"LIPS", "HEAD"}
    press(bpy.ops.diface.pin_pose)
    assert {pin.path for pin in pins.find_pins(head)} == {JAW, SMILE, "rotation_euler"}
    press(bpy.ops.diface.unpin, region="HEAD")
    assert {pin.path for pin in pins.find_pins(head)} == {JAW, SMILE}
    press(bpy.ops.diface.unpin)
    assert [pin.path for pin in pins.find_pins(head)] == [JAW]


def test_selected_keys_are_unpinned(scene, head) -> None:
    write(head)
    edit_keys(head)
    assert {pin.path for pin in pins.selected_pins(head)} == {SMILE}  # Blender selects new keys
    for key in curve(head, SMILE).keyframe_points:
        key.select_control_point = False
    assert pins.selected_pins(head) == []
    key_at(head, 18).select_control_point = True
    key_at(head, 19).select_control_point = True
    (pin,) = pins.selected_pins(head)
    assert (pin.path, pin.frame) == (JAW, 18)
    press(bpy.ops.diface.unpin, where="KEYS", region="ALL")
    assert pin not in pins.find_pins(head)
    assert len(pins.find_pins(head)) == 4


def test_unpin_all_restores_all_keys(scene, head) -> None:
    write(head)
    before = key_properties(head)
    edit_keys(head)
    assert press(bpy.ops.diface.unpin_all) == {"FINISHED"}
    assert key_properties(head) == before


@pytest.mark.parametrize(
    ("operator", "settings", "message"),
    [
        ("unpin_all", {}, "There are no pins"),
        ("unpin", {}, "There is no pin at frame"),
        ("unpin", {"where": "KEYS"}, "There is no pin of the selected keys"),
        ("pin_pose", {"region": "TONGUE"}, "has no shape keys of these regions"),
    ],
)
def test_missing_pins_and_shape_keys_are_reported(scene, head, operator, settings, message) -> None:
    write(head)
    before = key_properties(head)
    with pytest.raises(RuntimeError, match=message):
        press(getattr(bpy.ops.diface, operator), **settings)
    assert key_properties(head) == before


def test_pin_pose_is_disabled_without_animation(scene, head) -> None:
    assert not bpy.ops.diface.pin_pose.poll()
    write(head)
    assert bpy.ops.diface.pin_pose.poll()


def test_locked_pins_are_kept_and_reported(scene, head, capfd) -> None:
    write(head)
    edit_keys(head)
    curve(head).lock = True
    before = key_properties(head)
    press(bpy.ops.diface.unpin_all)
    assert "Removed 3 pins. Locked, so not changed: jawOpen." in capfd.readouterr().out
    assert key_properties(head)[JAW, 0] == before[JAW, 0]
    with pytest.raises(RuntimeError, match=r"Locked, so not changed: jawOpen\. Unlock"):
        press(bpy.ops.diface.unpin_all)
    scene.frame_set(18)
    with pytest.raises(RuntimeError, match=r"Locked, so not changed: jawOpen\. Unlock"):
        press(bpy.ops.diface.unpin, region="ALL")
    assert key_properties(head)[JAW, 0] == before[JAW, 0]


def test_paste_pose_reports_the_pinned_channels(scene, head, capfd) -> None:
    write(head)
    scene.diface.edit.regions = {"JAW", "LIPS", "HEAD"}
    scene.frame_set(30)
    press(bpy.ops.diface.copy_pose)
    scene.frame_set(20)
    press(bpy.ops.diface.paste_pose)
    assert "Pinned 2 shapes and the head at frame 20." in capfd.readouterr().out
    curve(head).lock = curve(head, "rotation_euler", 1).lock = True
    scene.frame_set(22)
    press(bpy.ops.diface.paste_pose)
    message = "Pinned 1 shape and the head at frame 22. Locked, so not changed: jawOpen, head Y."
    assert message in capfd.readouterr().out
    scene.diface.edit.regions = {"JAW"}
    before = key_properties(head)
    with pytest.raises(RuntimeError, match=r"Locked, so not changed: jawOpen\. Unlock"):
        press(bpy.ops.diface.paste_pose)
    assert key_properties(head) == before


def test_pose_is_copied_between_frames(scene, head, capfd) -> None:
    write(head)
    key_at(head, 30).co.y, key_at(head, 31).co.y = 0.2, 0.8
    scene.diface.edit.regions = {"JAW"}
    scene.frame_set(30, subframe=0.5)
    press(bpy.ops.diface.copy_pose)
    pose = json.loads(bpy.context.window_manager.diface.copied_pose)
    assert pose["jawOpen"] == pytest.approx(curve(head).evaluate(30.5)) == pytest.approx(0.5, abs=0.05)
    assert "of frame 30.5" in capfd.readouterr().out


# Takes of linked libraries


@pytest.fixture
def overridden(scene, head, tmp_path: Path) -> bpy.types.Object:
    """Return a library override of a character. Its take, with a key of the user, is in the library."""
    write(head, layers={})
    key_at(head, 20).co.y = 0.7
    path = tmp_path / "library.blend"
    bpy.data.libraries.write(str(path), {head})
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(path), link=True) as (_source, linked):
        linked.objects = ["Character"]
    [root] = linked.objects
    scene = bpy.context.scene
    scene.collection.objects.link(root)
    obj = root.override_hierarchy_create(scene, bpy.context.view_layer, do_fully_editable=True)
    obj.data = obj.data if obj.data.override_library else obj.data.override_create(remap_local_usages=True)
    bpy.context.view_layer.objects.active = obj
    return obj


@pytest.mark.parametrize("operator", ["pin_pose", "unpin", "unpin_all", "paste_pose", "sculpt_pose"])
def test_library_keys_are_unchanged(overridden, operator) -> None:
    before = key_properties(overridden)
    bpy.context.scene.frame_set(20)
    press(bpy.ops.diface.copy_pose)
    with pytest.raises(RuntimeError, match=r"comes from library\.blend, .*Duplicate the take first, or make it local"):
        press(getattr(bpy.ops.diface, operator))
    pins.mark_extreme(overridden, pins.find_pins(overridden))
    assert key_properties(overridden) == before


def test_library_take_cannot_be_deleted(overridden) -> None:
    [(take, actions)] = take_index.all_takes().items()
    with pytest.raises(RuntimeError, match=r"comes from library\.blend, .*Delete it in that file"):
        bpy.ops.diface.delete_take(take=take)
    assert take_index.all_takes() == {take: actions}


def test_duplicate_of_a_library_take_is_editable(overridden) -> None:
    [take] = take_index.all_takes()
    bpy.ops.diface.duplicate_take(take=take)
    assert curve(overridden).id_data.library is None
    bpy.context.scene.frame_set(25)
    assert press(bpy.ops.diface.pin_pose, region="ALL") == {"FINISHED"}
    assert {pin.frame for pin in pins.find_pins(overridden)} == {20, 25}
    press(bpy.ops.diface.unpin_all)
    assert pins.find_pins(overridden) == []


def test_library_keys_cannot_be_written(overridden) -> None:
    before, keys = key_properties(overridden), KeyTable.read(curve(overridden))
    with pytest.raises(errors.SceneError, match=r"comes from library\.blend"):
        keys.write(curve(overridden))
    with pytest.raises(errors.SceneError, match=r"comes from library\.blend"):
        pins.set_values(overridden, 25, {"jawOpen": 0.3})
    with pytest.raises(errors.SceneError, match=r"comes from library\.blend"):
        pins.unpin(overridden, pins.find_pins(overridden))
    assert key_properties(overridden) == before


@pytest.mark.parametrize("operator", ["pin_pose", "unpin", "unpin_all", "paste_pose", "regenerate", "in_between"])
def test_linked_character_is_not_keyed(overridden, operator) -> None:
    root = overridden.override_library.reference
    bpy.context.view_layer.objects.active = root
    bpy.context.scene.diface.character = root
    before = key_properties(root)
    press(bpy.ops.diface.copy_pose)
    with pytest.raises(RuntimeError, match=r"linked from another file .*Make Library Override"):
        press(getattr(bpy.ops.diface, operator))
    assert key_properties(root) == before


def test_pinning_all_counts_the_54_shapes_and_names_the_breath(scene, capfd) -> None:
    head = bundled_head.add_head(bpy.context)
    values = np.full((30, len(channels.SHAPES + channels.HEAD)), 0.1, np.float32)
    write_take.write_take(
        head, types.Motion(values, channels.SHAPES + channels.HEAD, types.FrameRate(24)), "T", {"first_frame": 1}
    )
    scene.frame_set(10)
    press(bpy.ops.diface.pin_pose, region="ALL")
    assert "Pinned 54 shapes, the breath and the head at frame 10." in capfd.readouterr().out
