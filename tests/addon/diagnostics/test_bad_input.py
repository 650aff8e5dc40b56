"""Check Take on what is not a fresh take: nothing animated, keys by hand, takes of 0.1.0, faces without mouthClose."""

from __future__ import annotations

import shutil

import bpy
import numpy as np
import pytest
import soundfile

from diface_addon.core import channels
from diface_addon.scene.animation.active_actions import active_actions
from diface_addon.scene.characters import bundled_head
from diface_addon.scene.pins import pins
from tests.addon.compatibility.test_reference_0_1_0 import REFERENCE
from tests.addon.conftest import needs_audio
from tests.addon.diagnostics.conftest import face_values, listed, problems, rewrite
from tests.addon.diagnostics.test_closures import open_lips
from tests.addon.scene import scenes

pytestmark = pytest.mark.usefixtures("real_worker")


def test_character_without_animation_cannot_be_checked(scene, speech) -> None:
    bundled_head.add_head(bpy.context)
    scenes.use_audio_file(scene, speech)
    with pytest.raises(RuntimeError, match="has no animation yet"):
        bpy.ops.diface.check_take()


def test_empty_scene_cannot_be_checked(scene) -> None:
    assert not bpy.ops.diface.check_take.poll()
    assert not bpy.ops.diface.fix_problem.poll()
    assert not bpy.ops.diface.jump_to_problem.poll()


def test_row_that_does_not_exist_is_refused(talking) -> None:
    rewrite(talking, open_lips)
    assert problems(talking)
    for operator in (bpy.ops.diface.fix_problem, bpy.ops.diface.jump_to_problem):
        with pytest.raises(RuntimeError, match="There are 1 rows"):
            operator(index=5)


def test_keys_by_hand_are_compared_with_the_sound(scene, speech) -> None:
    obj = bundled_head.add_head(bpy.context)
    scenes.use_audio_file(scene, speech)
    block = obj.data.shape_keys.key_blocks["jawOpen"]
    for frame, value in ((1, 0.3), (120, 0.32), (240, 0.3)):
        block.value = value
        block.keyframe_insert("value", frame=frame)
    found = problems(obj)
    assert {problem.kind for problem in found} <= {"missed_closure", "pin_against_speech", "moving_in_silence"}
    assert sum(problem.kind == "missed_closure" for problem in found) >= 5


def test_keys_by_hand_without_a_sound_are_checked_without_it(scene) -> None:
    obj = bundled_head.add_head(bpy.context)
    obj.data.shape_keys.key_blocks["jawOpen"].keyframe_insert("value", frame=1)
    scene.diface.source, scene.diface.filepath = "FILE", ""
    assert problems(obj) == []
    assert "No sound file is chosen" in bpy.context.window_manager.diface.message


@needs_audio
def test_take_of_version_0_1_0_is_checked_and_fixed(speech, tmp_path) -> None:
    shutil.copy(REFERENCE / "scene.blend", tmp_path / "scene.blend")
    samples, rate = soundfile.read(speech, frames=3 * 16000)
    soundfile.write(tmp_path / "speech.wav", samples, rate)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    obj = bpy.context.scene.diface.character or bpy.context.active_object
    before = {(pin.path, pin.frame, pin.value) for pin in pins.find_pins(obj)}
    found = problems(obj)
    fixable = [row for row, problem in enumerate(found) if problem.kind in ("missed_closure", "muted")]
    if fixable:
        assert bpy.ops.diface.fix_problem(index=fixable[0]) == {"FINISHED"}
    assert before <= {(pin.path, pin.frame, pin.value) for pin in pins.find_pins(obj)}


def test_face_without_mouth_close_is_sealed_by_its_other_shapes(scene, talking) -> None:
    talking.shape_key_remove(talking.data.shape_keys.key_blocks["mouthClose"])
    assert bpy.ops.diface.generate() == {"FINISHED"}
    assert [problem.kind for problem in problems(talking)] == []

    def hold_open(values: np.ndarray) -> None:
        open_lips(values)

    rewrite(talking, hold_open)
    action, found = active_actions(talking)[0], problems(talking)
    assert [problem.kind for problem in found] == ["missed_closure"]
    assert bpy.ops.diface.fix_problem(index=0) == {"FINISHED"}
    assert listed(talking) == []
    assert active_actions(talking)[0] != action


def test_locked_curves_are_left_and_named(talking) -> None:
    rewrite(talking, open_lips)
    before = face_values(talking)
    [problem] = problems(talking)
    for action in active_actions(talking):
        for fcurve in _curves(action):
            fcurve.lock = True
    with pytest.raises(RuntimeError, match="Unlock its curves"):
        bpy.ops.diface.fix_problem(index=0)
    np.testing.assert_array_equal(face_values(talking), before)
    assert problem.keys
    assert {key.channel for key in problem.keys} <= set(channels.FACE)


def _curves(action: bpy.types.Action) -> list[bpy.types.FCurve]:
    if not hasattr(action, "layers"):
        return list(action.fcurves)
    return [
        fcurve
        for layer in action.layers
        for strip in layer.strips
        for bag in strip.channelbags
        for fcurve in bag.fcurves
    ]
