"""Idle and Listen, with the bundled models: takes like any other, with a mouth at rest."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from diface_addon import compat
from diface_addon.cli import regenerate_take
from diface_addon.core import channels
from diface_addon.scene.characters import bundled_head
from diface_addon.scene.provenance import stored_request
from tests.addon.conftest import needs_audio
from tests.addon.scene import scenes

pytestmark = pytest.mark.usefixtures("real_worker")


def key_curve(obj, name: str) -> np.ndarray:
    """Return the keys (K, 2) of a shape key in the active Action."""
    action = obj.data.shape_keys.animation_data.action
    return scenes.curve_points(action, "KEY", f'key_blocks["{name}"].value', 0)


def head_keys(obj) -> np.ndarray:
    return scenes.curve_points(obj.animation_data.action, "OBJECT", "rotation_euler", 0)


def test_idle_fills_the_scene_range(scene, listener) -> None:
    assert bpy.ops.diface.idle() == {"FINISHED"}
    jaw = key_curve(listener, "jawOpen")
    assert jaw[:, 0].tolist() == list(range(11, 131))
    assert jaw[:, 1].max() == 0
    assert np.ptp(head_keys(listener)[:, 1]) > np.radians(0.3)
    request = stored_request.read_request(listener.data.shape_keys.animation_data.action)
    assert (request["role"], request["sound"], request["first_frame"]) == ("idle", "", 11)
    tracks = {track.name for track in listener.data.shape_keys.animation_data.nla_tracks}
    assert tracks == {"DiFACE blinks", "DiFACE gaze", "DiFACE breath"}


def test_preview_range_and_arguments_choose_the_frames(scene, listener) -> None:
    scene.use_preview_range, scene.frame_preview_start, scene.frame_preview_end = True, 40, 80
    bpy.ops.diface.idle()
    assert key_curve(listener, "jawOpen")[[0, -1], 0].tolist() == [40, 80]
    bpy.ops.diface.idle(first=-5, last=20)
    assert key_curve(listener, "jawOpen")[[0, -1], 0].tolist() == [-5, 20]


def test_idle_is_edited_like_any_take(scene, listener) -> None:
    bpy.ops.diface.idle()
    before = key_curve(listener, "browInnerUp")
    block = listener.data.shape_keys.key_blocks["browInnerUp"]
    block.value = 0.6
    block.keyframe_insert("value", frame=70)
    assert bpy.ops.diface.regenerate(where="AROUND") == {"FINISHED"}
    after = key_curve(listener, "browInnerUp")
    assert after[after[:, 0] == 70, 1] == np.float32(0.6)
    far = np.abs(after[:, 0] - 70) > 40
    np.testing.assert_array_equal(after[far], before[far])
    request = stored_request.read_request(listener.data.shape_keys.animation_data.action)
    assert request["role"] == "idle"


def test_in_between_draws_another_idle_motion(scene, listener) -> None:
    bpy.ops.diface.idle()
    before = head_keys(listener)
    bpy.ops.diface.in_between(first=50, last=90)
    after = head_keys(listener)
    inside = (after[:, 0] >= 50) & (after[:, 0] <= 90)
    np.testing.assert_array_equal(after[~inside], before[~inside])
    assert np.abs(after[inside, 1] - before[inside, 1]).max() > np.radians(0.05)


@needs_audio
def test_listening_follows_the_strip(scene, listener, strip) -> None:
    scene.diface.reactions = 2.0
    assert bpy.ops.diface.listen() == {"FINISHED"}
    first, end = compat.strip_bounds(strip)
    jaw = key_curve(listener, "jawOpen")
    assert jaw[:, 0].tolist() == list(range(first, end))
    assert jaw[:, 1].max() == 0
    action = listener.data.shape_keys.animation_data.action
    request = stored_request.read_request(action)
    assert (request["role"], request["reactions"], request["sound"]) == ("listen", 2.0, strip.name)
    assert f"Listen to {strip.name}" in action.name
    bpy.ops.diface.regenerate(where="ALL")
    again = key_curve(listener, "jawOpen")
    assert again[:, 1].max() == 0


@needs_audio
def test_check_of_a_listener_compares_no_lips(scene, listener, strip) -> None:
    bpy.ops.diface.listen()
    assert bpy.ops.diface.check_take() == {"FINISHED"}
    kinds = {row.kind for row in bpy.context.window_manager.diface.findings}
    assert not kinds & {"missed_closure", "false_contact", "moving_in_silence", "sync_offset"}


def test_idle_take_is_no_style_example(scene, listener) -> None:
    bpy.ops.diface.idle()
    with pytest.raises(RuntimeError, match="Nobody speaks"):
        bpy.ops.diface.personalise(name="Still")


def test_face_alone_and_layers_off(scene, listener) -> None:
    scene.diface.parts, scene.diface.gaze = "FACE", False
    bpy.ops.diface.idle()
    assert listener.animation_data is None or listener.animation_data.action is None
    tracks = {track.name for track in listener.data.shape_keys.animation_data.nla_tracks}
    assert "DiFACE gaze" not in tracks


def test_bad_input_leaves_the_scene_as_it_was(scene, listener) -> None:
    scene.frame_start = scene.frame_end = 5
    with pytest.raises(RuntimeError, match="no range"):
        bpy.ops.diface.idle()
    assert listener.data.shape_keys.animation_data is None
    assert not bpy.ops.diface.listen.poll()
    scene.diface.engine = "THREEDIFACE"
    assert not bpy.ops.diface.idle.poll()


def test_all_face_channels_have_curves(scene, listener) -> None:
    bpy.ops.diface.idle(first=1, last=30)
    layered = {name for names in channels.LAYERS.values() for name in names}
    for name in set(channels.FACE) - layered:
        assert len(key_curve(listener, name)) == 30, name


@needs_audio
def test_listener_looks_at_the_speaker(scene, listener, strip) -> None:
    speaker = bundled_head.add_head(bpy.context)
    speaker.location.x += 1.0
    bpy.context.view_layer.objects.active = listener
    scene.diface.character = listener
    scene.diface.speaker = speaker
    assert bpy.ops.diface.listen() == {"FINISHED"}
    gaze = listener.diface.gaze
    assert (gaze.use, gaze.look_at, gaze.target) == (True, "OBJECT", speaker)
    gaze.often = 0.5
    bpy.ops.diface.listen()
    assert gaze.often == 0.5


@needs_audio
def test_listener_without_a_speaker_looks_ahead(scene, listener, strip) -> None:
    assert bpy.ops.diface.listen() == {"FINISHED"}
    assert not listener.diface.gaze.use


def test_idle_take_goes_to_the_nla_and_comes_back(scene, listener) -> None:
    bpy.ops.diface.idle()
    name = listener.data.shape_keys.animation_data.action.name
    frames = head_keys(listener)
    scene.frame_set(70)
    before = listener.rotation_euler[:]
    assert bpy.ops.diface.push_down_take() == {"FINISHED"}
    assert listener.data.shape_keys.animation_data.action is None
    scene.frame_set(71)
    scene.frame_set(70)
    np.testing.assert_allclose(listener.rotation_euler, before, atol=1e-6)
    strips = [strip for track in listener.animation_data.nla_tracks for strip in track.strips]
    assert name in {strip.action.name for strip in strips} or len(strips) == 1
    assert len(frames) == 120


def test_idle_take_is_generated_again_from_its_request(scene, listener, tmp_path) -> None:
    bpy.ops.diface.idle()
    stored = regenerate_take.stored_request(listener.data.shape_keys.animation_data.action.name, tmp_path)
    assert stored.request.role == "idle"
    assert stored.request.audio.seconds == pytest.approx(120 / 25)


def test_another_seed_is_another_idle_motion(scene, listener) -> None:
    bpy.ops.diface.idle()
    first = head_keys(listener)
    bpy.ops.diface.idle()
    np.testing.assert_array_equal(head_keys(listener), first)
    scene.diface.seed = 5
    bpy.ops.diface.idle()
    assert np.abs(head_keys(listener) - first).max() > np.radians(0.3)
