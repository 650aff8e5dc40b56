"""Generate, end to end, with an engine that opens the jaw where the sound is loud."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import bpy
import pytest

from diface_addon import compat
from diface_addon.core import types
from diface_addon.scene.provenance import stored_request
from diface_addon.scene.styles import styles
from tests.addon.conftest import needs_audio
from tests.addon.scene import fingerprint, scenes

CLICKS = [0.25, 1.0, 1.75, 2.5]


def generate() -> None:
    assert bpy.ops.diface.generate() == {"FINISHED"}


def expected(times, fps: float, start: int) -> list[int]:
    """Return the frame that is visible at each time: frame f from (f - start) / fps on."""
    return [start + math.floor(time * fps + 1e-4) for time in times]


@pytest.mark.parametrize("rate", scenes.RATES)
@pytest.mark.parametrize("start", [1, 37])
def test_file_starts_at_the_first_frame_of_the_scene(scene, head, clicks, worker, rate, start) -> None:
    fps = scenes.set_rate(scene, rate)
    scene.frame_start = start
    scenes.use_audio_file(scene, clicks(CLICKS))
    generate()
    assert scenes.loud_frames(scenes.jaw_keys(head)) == expected(CLICKS, fps, start)


@pytest.mark.slow
@needs_audio
@pytest.mark.parametrize("rate", scenes.RATES)
@pytest.mark.parametrize("start", [1, 37, -20])
def test_strip_is_used_at_its_position(scene, head, clicks, worker, rate, start) -> None:
    fps = scenes.set_rate(scene, rate)
    strip = scenes.add_strip(scene, clicks(CLICKS), start)
    generate()

    keys = scenes.jaw_keys(head)
    first, end = compat.strip_bounds(strip)
    assert keys[:, 0].tolist() == list(range(first, end))
    assert scenes.loud_frames(keys) == expected(CLICKS, fps, start)


@needs_audio
@pytest.mark.parametrize("rate", scenes.RATES)
def test_strip_trimmed_at_both_ends(scene, head, clicks, worker, rate) -> None:
    fps = scenes.set_rate(scene, rate)
    strip = scenes.add_strip(scene, clicks(CLICKS), 11)
    first, end = 11 + round(0.6 * fps), 11 + round(2.2 * fps)
    scenes.trim_strip(strip, first, end)
    assert compat.strip_bounds(strip) == (first, end)
    generate()

    keys = scenes.jaw_keys(head)
    assert keys[:, 0].tolist() == list(range(first, end))
    assert scenes.loud_frames(keys) == expected(CLICKS[1:3], fps, 11)


@needs_audio
def test_moving_the_strip_moves_the_motion(scene, head, clicks, worker) -> None:
    strip = scenes.add_strip(scene, clicks(CLICKS), 1)
    generate()
    before = scenes.jaw_keys(head)
    compat.move_strip(strip, 100)
    generate()
    after = scenes.jaw_keys(head)
    assert (after[:, 0] - before[:, 0] == 100).all()
    assert (after[:, 1] == before[:, 1]).all()


@needs_audio
def test_empty_strip_name_means_the_only_strip(scene, head, clicks, worker) -> None:
    scenes.add_strip(scene, clicks([0.5], name="a.wav"), 1)
    other = scenes.add_strip(scene, clicks([1.5], name="b.wav"), 1, channel=2)
    other.name = "Other"
    scene.diface.strip = "Other"
    generate()
    assert scenes.loud_frames(scenes.jaw_keys(head)) == expected([1.5], 24, 1)


def test_take_stores_its_request(scene, head, clicks, worker) -> None:
    scenes.use_audio_file(scene, clicks(CLICKS))
    scene.diface.seed, scene.diface.guidance, scene.diface.quality = 7, 2.5, "FINAL"
    generate()
    action = head.data.shape_keys.animation_data.action
    request = stored_request.read_request(action)
    assert (request["seed"], request["guidance"], request["steps"]) == (7, 2.5, 25)
    assert (request["sound"], request["model_hash"], request["first_frame"]) == ("clicks.wav", "0123abcd", 1)
    assert request["rate"] == {"fps": 24, "base": 1.0}
    assert json.loads(action[stored_request.REQUEST]) == request
    assert action.use_fake_user


def test_default_settings_equal_the_request_defaults(scene, head, clicks, worker) -> None:
    scenes.use_audio_file(scene, clicks(CLICKS))
    generate()
    request = stored_request.read_request(head.data.shape_keys.animation_data.action)
    default = dataclasses.asdict(types.GenerateRequest(types.AudioSection(Path())))
    for name in set(default) - {"audio", "rate", "constraints"}:
        assert request[name] == json.loads(json.dumps(default[name])), name


def test_style_head_and_layer_settings_reach_the_request(scene, head, clicks, worker, monkeypatch) -> None:
    monkeypatch.setattr(styles, "default", lambda: ("ada",))
    scenes.use_audio_file(scene, clicks(CLICKS))
    settings = scene.diface
    settings.second_style, settings.style_mix, settings.style_strength = "bo", 0.25, 1.5
    settings.style_guidance, settings.variety, settings.head_axes = 2.0, 0.5, (1.0, 0.5, 0.0)
    settings.gaze, settings.blinks_seed, settings.breath_seed = False, 3, 4
    generate()
    request = stored_request.read_request(head.data.shape_keys.animation_data.action)
    assert request["style"] == {"blend": [["ada", 0.75], ["bo", 0.25]], "strength": 1.5}
    assert (request["style_guidance"], request["variety"], request["head_axes"]) == (2.0, 0.5, [1.0, 0.5, 0.0])
    assert request["layers"] == {"blinks": 3, "gaze": None, "breath": 4, "tongue": 1.0}


def test_styles_blend_by_name_and_by_path(scene, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(styles, "default", lambda: ("ada", "bo"))
    folder = tmp_path.joinpath  # folder of personal styles; empty
    assert styles.make_style("", "", 0.5, 1.0, folder) == types.Style()
    assert styles.make_style("", "cy", 0.5, 1.0, folder).blend == (("ada", 0.25), ("bo", 0.25), ("cy", 0.5))
    assert styles.make_style("bo", "", 0.5, 1.0, folder) == types.Style.named("bo")
    assert styles.make_style("bo", "ada", 0.0, 1.0, folder) == types.Style.named("bo")
    assert styles.make_style("", "bo", 1.0, 1.0, folder) == types.Style.named("bo")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    ((name, share),) = styles.make_style("//mine.safetensors", "", 0.5, 1.0, folder).blend
    assert (Path(name), share) == (tmp_path / "mine.safetensors", 1.0)


@pytest.mark.parametrize("part", ["FACE", "HEAD"])
def test_generating_one_part_keeps_the_other(scene, head, clicks, worker, part) -> None:
    scenes.use_audio_file(scene, clicks(CLICKS))
    scene.diface.parts = part
    generate()
    assert bool(head.animation_data) == (part == "HEAD")
    assert bool(head.data.shape_keys.animation_data) == (part == "FACE")


def test_strength_scales_the_keys(scene, head, clicks, worker) -> None:
    scenes.use_audio_file(scene, clicks(CLICKS))
    generate()
    full = scenes.jaw_keys(head)
    scene.diface.face_strength = 0.5
    generate()
    assert scenes.jaw_keys(head)[:, 1] == pytest.approx(full[:, 1] / 2)


def test_second_take_keeps_the_first_unchanged(scene, head, clicks, worker) -> None:
    scenes.use_audio_file(scene, clicks(CLICKS))
    generate()
    first = head.data.shape_keys.animation_data.action
    before = scenes.curve_points(first, "KEY", 'key_blocks["jawOpen"].value').copy()
    scene.diface.face_strength = 0.25
    generate()
    assert head.data.shape_keys.animation_data.action != first
    assert (scenes.curve_points(first, "KEY", 'key_blocks["jawOpen"].value') == before).all()


def test_take_beyond_the_scene_end_gives_a_note(scene, head, clicks, worker, capfd) -> None:
    scenes.use_audio_file(scene, clicks(CLICKS))
    scene.frame_end = 72
    generate()
    assert "lasts" not in capfd.readouterr().out
    scene.frame_end = 71
    generate()
    assert "The take ends at frame 72, after the end of the scene (71)." in capfd.readouterr().out


def test_undo_and_redo_of_generate(scene, head, clicks, worker) -> None:
    scenes.use_audio_file(scene, clicks(CLICKS))
    head.keyframe_insert("location", frame=1)
    bpy.ops.ed.undo_push(message="Before")
    before = fingerprint.of_file()
    assert bpy.ops.diface.generate("EXEC_DEFAULT", True) == {"FINISHED"}
    after = fingerprint.of_file()
    assert fingerprint.difference(before, after)
    bpy.ops.ed.undo()
    assert fingerprint.difference(before, fingerprint.of_file()) == []
    bpy.ops.ed.redo()
    assert fingerprint.difference(after, fingerprint.of_file()) == []
