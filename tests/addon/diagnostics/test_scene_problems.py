"""Strip, frame rate, tracks, sliders, shapes and pins: made wrong on purpose, found, fixed by one click, and gone."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest
import soundfile

from diface_addon import compat
from diface_addon.core import channels
from diface_addon.rig import parts
from diface_addon.scene.animation.active_actions import active_actions
from diface_addon.scene.pins import pins
from diface_addon.scene.provenance import layer_tracks, stored_request
from diface_addon.settings import findings
from tests.addon.conftest import needs_audio
from tests.addon.diagnostics.conftest import FIRST_FRAME, FPS, SECONDS, face_values, listed, problems, rewrite
from tests.addon.diagnostics.test_closures import CLOSE, JAW, M_OF_SOMETHING
from tests.addon.scene import scenes

PUCKER = channels.FACE.index("mouthPucker")
ROWS = round(SECONDS * FPS)

pytestmark = pytest.mark.usefixtures("real_worker")


def fix(obj: bpy.types.Object, kind: str) -> None:
    """Expect one problem of a kind, and fix it by one click."""
    assert [problem.kind for problem in problems(obj)] == [kind]
    assert bpy.ops.diface.fix_problem(index=0) == {"FINISHED"}
    assert listed(obj) == []
    assert problems(obj) == []


def first_frame(obj: bpy.types.Object) -> int:
    return stored_request.require_request(active_actions(obj)[0])["first_frame"]


def curve(obj: bpy.types.Object, name: str) -> bpy.types.FCurve:
    bag = compat.find_channelbag(obj.data.shape_keys.animation_data.action, "KEY")
    return bag.fcurves.find(f'key_blocks["{name}"].value')


@needs_audio
@pytest.mark.parametrize("frames", [40, -6])
def test_take_follows_a_strip_that_was_moved(scene, talking, on_strip, frames) -> None:
    before = face_values(talking)
    compat.move_strip(on_strip, frames)
    fix(talking, "strip_moved")
    assert first_frame(talking) == FIRST_FRAME + frames
    keys = scenes.jaw_keys(talking)
    np.testing.assert_array_equal(keys[:, 0], np.arange(ROWS) + FIRST_FRAME + frames)
    np.testing.assert_array_equal(keys[:, 1], before[:, JAW])


@needs_audio
def test_strip_that_was_trimmed_keeps_the_take_in_sync(scene, talking, on_strip) -> None:
    scenes.trim_strip(on_strip, FIRST_FRAME + 10, FIRST_FRAME + ROWS)
    assert problems(talking) == []


@needs_audio
def test_take_is_generated_for_a_strip_that_plays_another_sound(scene, talking, on_strip, speech, tmp_path) -> None:
    samples, rate = soundfile.read(speech, start=6 * 16000, frames=5 * 16000)
    soundfile.write(tmp_path / "other.wav", samples, rate)
    on_strip.sound.filepath = str(tmp_path / "other.wav")
    fix(talking, "strip_replaced")
    stored = stored_request.require_request(active_actions(talking)[0])
    assert Path(stored["audio"]["path"]).name == "other.wav"


def test_sound_that_is_gone_is_reported_without_a_fix(scene, talking) -> None:
    Path(scene.diface.filepath).unlink()
    [problem] = problems(talking)
    assert problem.kind == "sound_gone"
    with pytest.raises(RuntimeError, match="No button fixes this"):
        bpy.ops.diface.fix_problem(index=0)


def test_take_is_converted_to_the_scene_rate(scene, talking) -> None:
    scene.render.fps = 30
    fix(talking, "rate_changed")
    assert stored_request.require_request(active_actions(talking)[0])["rate"]["fps"] == 30


@pytest.mark.parametrize("seconds", [-0.2, 0.32])
def test_offset_of_a_take_is_shifted_back(talking, seconds) -> None:
    shift = round(seconds * FPS)

    def delay(values: np.ndarray) -> None:
        values[:] = np.roll(values, shift, axis=0)

    rewrite(talking, delay)
    fix(talking, "sync_offset")
    assert first_frame(talking) == FIRST_FRAME - shift


def test_keys_that_were_moved_go_back_to_where_they_were_generated(talking) -> None:
    before = scenes.jaw_keys(talking).copy()
    for action in active_actions(talking):
        for kind in compat.action_kinds(action):
            for fcurve in compat.find_channelbag(action, kind).fcurves:
                for key in fcurve.keyframe_points:
                    key.co.x += 8
                    key.handle_left.x += 8
                    key.handle_right.x += 8
    fix(talking, "sync_offset")
    np.testing.assert_array_equal(scenes.jaw_keys(talking), before)
    assert pins.find_pins(talking) == []


def test_muted_layer_curve_and_shape_key_are_unmuted(talking) -> None:
    track = layer_tracks.active_layers(talking.data.shape_keys)[0][0]
    track.mute = True
    fix(talking, "muted")
    assert not track.mute
    curve(talking, "browInnerUp").mute = True
    fix(talking, "muted")
    assert not curve(talking, "browInnerUp").mute
    talking.data.shape_keys.key_blocks["mouthFunnel"].mute = True
    fix(talking, "muted")
    assert not talking.data.shape_keys.key_blocks["mouthFunnel"].mute


def test_slider_that_cuts_a_curve_off_is_raised(talking) -> None:
    block = talking.data.shape_keys.key_blocks["mouthPucker"]
    block.slider_max = 0.1
    assert bpy.ops.diface.generate() == {"FINISHED"}
    assert face_values(talking)[:, PUCKER].max() <= 0.1 + 1e-6
    fix(talking, "clipped")
    assert block.slider_max == 1.0
    assert face_values(talking)[:, PUCKER].max() > 0.15


def test_key_beyond_its_slider_is_shown_by_raising_it(talking) -> None:
    curve(talking, "noseSneerLeft").keyframe_points.insert(60, 1.8)
    fix(talking, "clipped")
    assert talking.data.shape_keys.key_blocks["noseSneerLeft"].slider_max >= 1.8 - 1e-6
    assert [pin.value for pin in pins.find_pins(talking)] == pytest.approx([1.8])


def test_pins_against_the_speech_are_removed(talking) -> None:
    before, frame = face_values(talking), FIRST_FRAME + round(M_OF_SOMETHING * FPS)
    for at in range(frame - 5, frame + 6):
        pins.set_values(talking, at, {"jawOpen": 0.3, "mouthClose": 0.0})
    pins.set_values(talking, frame, {"browInnerUp": 0.4})
    fix(talking, "pin_against_speech")
    left = {pins.face_channel(pin) for pin in pins.find_pins(talking) if abs(pin.frame - frame) <= 2}
    assert left == {"browInnerUp"}
    far = slice(ROWS // 2, ROWS)
    np.testing.assert_array_equal(face_values(talking)[far], before[far])


def test_missing_shape_is_named(scene, head, clicks) -> None:
    scenes.use_audio_file(scene, clicks([0.5, 1.0], seconds=2.0))
    assert bpy.ops.diface.generate() == {"FINISHED"}
    [problem] = [problem for problem in problems(head) if problem.kind == "missing_shape"]
    assert "mouthClose (m, b, p)" in problem.text
    assert "jawOpen" not in problem.text


def test_rows_belong_to_the_take_that_was_checked(scene, talking) -> None:
    rewrite(talking, lambda values: values[:, CLOSE].fill(0.0))
    assert problems(talking)
    rewrite(talking, lambda values: None)
    assert findings.find(bpy.context, talking) is None
    with pytest.raises(RuntimeError, match="was not checked"):
        bpy.ops.diface.fix_problem(index=0)


def test_parts_of_the_head_are_data_blocks(talking) -> None:
    assert set(parts.data_blocks(talking)) >= {"KEY", "OBJECT"}
    assert set(channels.FACE) <= set(talking.data.shape_keys.key_blocks.keys())
