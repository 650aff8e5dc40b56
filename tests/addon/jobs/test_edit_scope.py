"""The scope of an edit, its messages if there is nothing to regenerate, and keys that change while it runs."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from diface_addon import compat
from diface_addon.core import errors
from diface_addon.jobs import edit, edit_shape_keys, running_job
from diface_addon.operators.edit.in_between import plan_in_between
from diface_addon.operators.edit.regenerate import plan_around_pins
from diface_addon.scene.pins import pins
from diface_addon.scene.provenance import layer_tracks, stored_request
from tests.addon.scene import scenes

SHAPES = ("jawOpen", "mouthSmileLeft", "browInnerUp", "eyeSquintLeft")
FIRST, LAST = 11, 106


@pytest.fixture
def take(scene, clicks, worker) -> bpy.types.Object:
    """A character with a take of four seconds from frame 11 on."""
    obj = scenes.add_character(scene, SHAPES)
    scene.render.fps, scene.frame_start = 24, FIRST
    scene.diface.blinks = scene.diface.gaze = scene.diface.breath = False
    scenes.use_audio_file(scene, clicks([0.5, 1.5, 2.5], seconds=4.0))
    assert bpy.ops.diface.generate() == {"FINISHED"}
    return obj


def face(obj: bpy.types.Object) -> bpy.types.Action:
    return obj.data.shape_keys.animation_data.action


def curve(obj: bpy.types.Object, shape: str) -> bpy.types.FCurve:
    return compat.find_channelbag(face(obj), "KEY").fcurves.find(f'key_blocks["{shape}"].value')


def key(obj: bpy.types.Object, shape: str, frame: float, value: float) -> None:
    curve(obj, shape).keyframe_points.insert(frame, value, options={"FAST"})


def values(obj: bpy.types.Object, shape: str) -> dict[float, float]:
    return {round(k.co.x, 3): k.co.y for k in curve(obj, shape).keyframe_points}


@pytest.mark.parametrize(
    ("keyed", "scope"),
    [
        ("browInnerUp", {"browInnerUp", "eyeSquintLeft"}),
        ("eyeSquintLeft", {"browInnerUp", "eyeSquintLeft"}),
        ("jawOpen", {"jawOpen", "mouthSmileLeft", "browInnerUp", "eyeSquintLeft"}),
    ],
)
def test_only_channels_in_scope_of_a_key_are_regenerated(take, keyed, scope) -> None:
    before = {shape: values(take, shape) for shape in SHAPES}
    key(take, keyed, 60, 0.66)
    bpy.ops.diface.regenerate()
    assert {shape for shape in SHAPES if values(take, shape) != before[shape]} == scope
    assert values(take, keyed)[60] == np.float32(0.66)


def begun() -> edit_shape_keys.EditJob:
    return edit.begin(bpy.context, lambda base: plan_around_pins(base, 8.0))


def test_unchanged_edit_is_not_restarted(take) -> None:
    key(take, "jawOpen", 60, 0.66)
    running = begun()
    running.task.wait()
    key(take, "jawOpen", 90, 0.5)  # a second change during the edit is kept and belongs to the next edit
    assert running.restart_if_stale(bpy.context) is None
    running.write_result()
    running.end()
    assert [pin.frame for pin in pins.find_pins(take)] == [60, 90]


def test_pin_removed_during_an_edit_does_not_come_back(take) -> None:
    generated = values(take, "jawOpen")[60]
    key(take, "jawOpen", 60, 0.66)
    key(take, "jawOpen", 90, 0.5)
    running = begun()
    pins.unpin(take, [pin for pin in pins.find_pins(take) if pin.frame == 60])
    assert values(take, "jawOpen")[60] == generated
    running.task.wait()
    renewed = running.restart_if_stale(bpy.context)
    assert running_job.current() is renewed
    renewed.write_result()
    renewed.end()
    assert [(pin.frame, pin.value) for pin in pins.find_pins(take)] == [(90, 0.5)]


def test_pin_moved_during_an_edit_is_pinned_once(take) -> None:
    key(take, "jawOpen", 60, 0.66)
    running = begun()
    moved = next(k for k in curve(take, "jawOpen").keyframe_points if k.co.x == 60)
    moved.co = (64.5, 0.66)
    curve(take, "jawOpen").update()
    running.task.wait()
    renewed = running.restart_if_stale(bpy.context)
    renewed.write_result()
    renewed.end()
    assert [pin.frame for pin in pins.find_pins(take)] == [64.5]


def test_edit_is_refused_if_all_pins_were_removed(take) -> None:
    key(take, "jawOpen", 60, 0.66)
    running, actions = begun(), set(bpy.data.actions)
    pins.unpin(take, pins.find_pins(take))
    running.task.wait()
    with pytest.raises(errors.SceneError, match="No key was changed"):
        running.restart_if_stale(bpy.context)
    assert running_job.current() is None
    assert set(bpy.data.actions) == actions


def test_edit_is_refused_if_no_key_is_in_scope(take) -> None:
    key(take, "jawOpen", 300, 0.66)
    with pytest.raises(RuntimeError, match=f"outside the take, which has frames {FIRST} to {LAST}"):
        bpy.ops.diface.regenerate()
    key(take, "jawOpen", 60, 0.5)
    running = begun()
    written = running.write_result()
    running.end()
    assert any("1 key is outside the take" in note for note in written.notes)
    assert values(take, "jawOpen")[300] == np.float32(0.66)


def test_key_of_a_part_that_the_take_does_not_have(scene, clicks, worker) -> None:
    obj = scenes.add_character(scene, SHAPES)
    scene.diface.parts = "FACE"
    scenes.use_audio_file(scene, clicks([0.5], seconds=4.0))
    bpy.ops.diface.generate()
    obj.rotation_euler.z = 0.4
    obj.keyframe_insert("rotation_euler", frame=50)
    with pytest.raises(RuntimeError, match="Only keys of the head were changed"):
        bpy.ops.diface.regenerate()


def test_edit_is_refused_if_only_strips_animate(take) -> None:
    bpy.ops.diface.push_down_take(take=stored_request.read_request(face(take))["take"])
    with pytest.raises(RuntimeError, match="NLA strips alone"):
        bpy.ops.diface.regenerate()


def test_in_between_selected_keys(scene, take) -> None:
    scene.diface.edit.frame_choice = "KEYS"
    before = values(take, "jawOpen")
    for keyframe in curve(take, "jawOpen").keyframe_points:
        keyframe.select_control_point = keyframe.co.x in (40, 50)
    bpy.ops.diface.in_between()
    after = values(take, "jawOpen")
    assert (after[40], after[50]) == (before[40], before[50])
    assert all(after[frame] != before[frame] for frame in range(42, 49))
    for keyframe in curve(take, "jawOpen").keyframe_points:
        keyframe.select_control_point = keyframe.co.x in (40, 41)
    with pytest.raises(RuntimeError, match="no frame between"):
        bpy.ops.diface.in_between()


def test_note_if_every_frame_has_pins(take) -> None:
    """As after moving all keys of a take in time."""
    held = compat.find_channelbag(face(take), "KEY"), compat.find_channelbag(take.animation_data.action, "OBJECT")
    for keyframe in (
        keyframe for channelbag in held for curve in channelbag.fcurves for keyframe in curve.keyframe_points
    ):
        keyframe.co.x += 0.5
    running = edit.begin(bpy.context, lambda base: plan_in_between(bpy.context, base, (40, 60)))
    notes = running.write_result().notes
    running.end()
    assert any("Nearly every regenerated frame" in note for note in notes)


def test_edit_of_layers_alone_is_refused(scene, clicks, worker) -> None:
    scenes.add_character(scene, ("eyeBlinkLeft", "jawOpen"))
    scenes.use_audio_file(scene, clicks([0.5], seconds=4.0))
    bpy.ops.diface.generate()
    scene.diface.edit.regions = {"EYES"}
    with pytest.raises(RuntimeError, match="layers"):
        bpy.ops.diface.in_between(first=40, last=60)


def test_suffix_is_added_once(take) -> None:
    names = []
    for frame in (40, 60, 80):
        key(take, "jawOpen", frame, 0.66)
        bpy.ops.diface.regenerate()
        names.append(face(take).name)
    assert names == ["Edit 1: around 40", "Edit 2: around 60", "Edit 3: around 80"]


def test_edited_layer_keeps_keys_before_its_first_frame(scene, clicks, worker) -> None:
    obj = scenes.add_character(scene, ("jawOpen", "eyeBlinkLeft"))
    scene.frame_start, scene.diface.gaze, scene.diface.breath = FIRST, False, False
    scenes.use_audio_file(scene, clicks([0.5], seconds=6.0))
    bpy.ops.diface.generate()
    ((_track, blinks),) = layer_tracks.active_layers(obj.data.shape_keys)
    (blink,) = compat.find_channelbag(blinks, "KEY").fcurves
    blink.keyframe_points.insert(blink.keyframe_points[0].co.x - 0.75, 0.1, options={"FAST"})
    blink.keyframe_points.insert(60, 0.5, options={"FAST"})
    before = [pin for pin in pins.find_pins(obj) if "Blink" in pin.path]
    assert len(before) == 2
    bpy.ops.diface.regenerate()
    assert [pin for pin in pins.find_pins(obj) if "Blink" in pin.path] == before


def test_ghost_does_not_store_layer_states(scene, clicks, worker) -> None:
    obj = scenes.add_character(scene, (*SHAPES, "eyeBlinkLeft"))
    scene.diface.blinks, scene.diface.gaze, scene.diface.breath = True, False, False
    scenes.use_audio_file(scene, clicks([0.5], seconds=6.0))
    bpy.ops.diface.generate()
    first = stored_request.read_request(face(obj))["take"]
    scene.diface.seed = 5
    bpy.ops.diface.generate()
    second = stored_request.read_request(face(obj))["take"]
    keys = obj.data.shape_keys
    bpy.ops.diface.compare_take(take=first)
    assert [layer_tracks.layer_name(action) for _track, action in layer_tracks.active_layers(keys)] == ["blinks"]
    keys.animation_data.nla_tracks.remove(keys.animation_data.nla_tracks[0])
    bpy.ops.diface.use_take(take=first)
    bpy.ops.diface.use_take(take=second)
    assert layer_tracks.active_layers(keys) == []
