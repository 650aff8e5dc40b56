"""Pin Pose, Unpin and Unpin All, as buttons press them."""

from __future__ import annotations

import bpy
import pytest

from diface_addon.scene import pins

from .test_pins_scene import JAW, SMILE, bits, curve, edit, key_at, write


def press(button, **settings) -> set[str]:
    return button("EXEC_DEFAULT", True, **settings)


@pytest.mark.parametrize(("frame", "subframe"), [(20, 0.0), (20, 0.25)])
def test_a_pose_is_pinned_and_let_go(scene, head, frame, subframe) -> None:
    write(head)
    before = bits(head)
    scene.frame_set(frame, subframe=subframe)
    assert press(bpy.ops.diface.pin_pose, region="ALL") == {"FINISHED"}
    assert {(pin.path, pin.frame) for pin in pins.find(head)} == {
        (path, frame + subframe) for path in (JAW, SMILE, "rotation_euler")
    }
    assert press(bpy.ops.diface.unpin, region="ALL") == {"FINISHED"}
    assert pins.find(head) == []
    assert bits(head) == before


def test_only_a_region_is_pinned_and_let_go(scene, head) -> None:
    write(head)
    scene.frame_set(20)
    press(bpy.ops.diface.pin_pose, region="JAW")
    assert [pin.path for pin in pins.find(head)] == [JAW]
    scene.diface.edit.regions = {"LIPS", "HEAD"}
    press(bpy.ops.diface.pin_pose)
    assert {pin.path for pin in pins.find(head)} == {JAW, SMILE, "rotation_euler"}
    press(bpy.ops.diface.unpin, region="HEAD")
    assert {pin.path for pin in pins.find(head)} == {JAW, SMILE}
    press(bpy.ops.diface.unpin)
    assert [pin.path for pin in pins.find(head)] == [JAW]


def test_selected_keys_are_let_go(scene, head) -> None:
    write(head)
    edit(head)
    assert {pin.path for pin in pins.selected(head)} == {SMILE}  # Blender selects new keys
    for key in curve(head, SMILE).keyframe_points:
        key.select_control_point = False
    assert pins.selected(head) == []
    key_at(head, 18).select_control_point = True
    key_at(head, 19).select_control_point = True
    (pin,) = pins.selected(head)
    assert (pin.path, pin.frame) == (JAW, 18)
    press(bpy.ops.diface.unpin, where="KEYS", region="ALL")
    assert pin not in pins.find(head)
    assert len(pins.find(head)) == 4


def test_all_are_let_go_wherever_they_are(scene, head) -> None:
    write(head)
    before = bits(head)
    edit(head)
    assert press(bpy.ops.diface.unpin_all) == {"FINISHED"}
    assert bits(head) == before


@pytest.mark.parametrize(
    ("button", "settings", "message"),
    [
        ("unpin_all", {}, "There are no pins"),
        ("unpin", {}, "There is no pin at frame"),
        ("unpin", {"where": "KEYS"}, "There is no pin of the selected keys"),
        ("pin_pose", {"region": "TONGUE"}, "has no shape keys of that region"),
    ],
)
def test_where_there_is_nothing_it_is_said(scene, head, button, settings, message) -> None:
    write(head)
    before = bits(head)
    with pytest.raises(RuntimeError, match=message):
        press(getattr(bpy.ops.diface, button), **settings)
    assert bits(head) == before


def test_nothing_to_pin_before_there_is_motion(scene, head) -> None:
    assert not bpy.ops.diface.pin_pose.poll()
    write(head)
    assert bpy.ops.diface.pin_pose.poll()
