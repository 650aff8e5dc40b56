"""Recorded faces as takes: at the right frames, with all of editing on them, and gaps regenerated from the sound."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest
from mathutils import Vector

from diface_addon import compat
from diface_addon.core import channels
from diface_addon.jobs import running_job
from diface_addon.scene.provenance import recorded, stored_request
from diface_addon.scene.takes import take_index
from tests.addon.scene import scenes
from tests.addon.worker.fake_engine import REGENERATED

NAMES = ("jawOpen", "mouthSmileLeft", "mouthClose", "eyeBlinkLeft")
CLICKS = [0.7, 1.3, 1.8, 2.6, 3.1, 3.9, 4.4, 5.2]


def write_live_link(
    path: Path, times: np.ndarray, values: dict[str, np.ndarray], lost: slice = slice(0), start: float = 3600.0
) -> Path:
    """Write a recording of Live Link Face: channel -> weights (T,); rows `lost` have no face."""
    names = [name[0].upper() + name[1:] for name in channels.FACE]
    head = ["HeadYaw", "HeadPitch", "HeadRoll"]
    lines = [",".join(["Timecode", "BlendShapeCount", *names, *head])]
    is_lost = np.zeros(len(times), bool)
    is_lost[lost] = True
    for row, time in enumerate(times + start):
        whole = int(time)
        code = f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}:{(time - whole) * 60:06.3f}"
        weights = [f"{values[name][row]:.6f}" if name in values else "0.0" for name in (*channels.FACE, *head)]
        lines.append(f"{code},0" if is_lost[row] else ",".join([code, "61", *weights]))
    path.write_text("\n".join(lines))
    return path


def waves(times: np.ndarray) -> dict[str, np.ndarray]:
    """Return weights that no two rows share."""
    return {
        "jawOpen": 0.4 + 0.3 * np.sin(5 * times),
        "mouthSmileLeft": 0.5 + 0.3 * np.cos(3 * times),
        "eyeBlinkLeft": 0.3 + 0.2 * np.sin(2 * times),
    }


def mouth(times: np.ndarray, clicks: list[float]) -> np.ndarray:
    """Return a mouth that opens at the clicks, at the loud samples that the test's engine finds."""
    return 0.02 + 0.02 * np.sin(times) + sum(0.6 * np.exp(-(((times - click) / 0.03) ** 2)) for click in clicks)


@pytest.fixture
def character(scene: bpy.types.Scene) -> bpy.types.Object:
    return scenes.add_character(scene, NAMES)


def face(obj: bpy.types.Object) -> bpy.types.Action:
    return obj.data.shape_keys.animation_data.action


def keys(obj: bpy.types.Object, name: str = "jawOpen") -> np.ndarray:
    return scenes.curve_points(face(obj), "KEY", f'key_blocks["{name}"].value')


def request_of(obj: bpy.types.Object) -> dict:
    return stored_request.require_request(face(obj))


@pytest.mark.parametrize("rate", list(scenes.RATES))
def test_values_are_at_their_times(scene, character, tmp_path, rate):
    fps = scenes.set_rate(scene, rate)
    scene.frame_current = 20
    times = np.arange(240) * 1.001 / 60
    write_live_link(tmp_path / "take.csv", times, waves(times))
    assert bpy.ops.diface.import_recording(filepath=str(tmp_path / "take.csv")) == {"FINISHED"}
    for name in ("jawOpen", "mouthSmileLeft", "eyeBlinkLeft"):
        found = keys(character, name)
        assert found[0, 0] == 20
        np.testing.assert_array_equal(np.diff(found[:, 0]), 1)
        expected = waves((found[:, 0] - 20) / fps)[name]
        np.testing.assert_allclose(found[:, 1], expected, atol=2e-3)
    assert len(keys(character)) == int(times[-1] * fps + 1e-4) + 1
    request = request_of(character)
    assert request["recording"]["kind"] == "Live Link Face"
    assert request["recording"]["rate"] == pytest.approx(59.94, abs=0.01)
    assert request["parts"] == ["face"]
    assert not running_job.current()


def test_head_turns_with_the_right_signs(scene, tmp_path):
    bpy.ops.diface.add_head()
    head = bpy.context.object
    times = np.arange(120) / 60
    turn = {"HeadYaw": 0.3 * times, "HeadPitch": 0.2 * times, "HeadRoll": 0.1 * times}
    write_live_link(tmp_path / "take.csv", times, {**waves(times), **turn})
    bpy.ops.diface.import_recording(filepath=str(tmp_path / "take.csv"))
    scene.frame_set(25)
    nose, ear = (head.matrix_world.to_3x3() @ Vector(axis) for axis in ((0, -1, 0), (1, 0, 0)))
    assert nose.x < -0.1  # to its right
    assert nose.z < -0.1  # down
    assert ear.z < -0.03  # the left ear to the left shoulder


def test_file_that_is_no_recording_changes_nothing(scene, character, tmp_path, unchanged):
    (tmp_path / "other.csv").write_text("name,age\nanna,3\n")
    with pytest.raises(RuntimeError, match="not a recorded face"):
        bpy.ops.diface.import_recording(filepath=str(tmp_path / "other.csv"))
    with pytest.raises(RuntimeError, match="Cannot read"):
        bpy.ops.diface.import_recording(filepath=str(tmp_path / "missing.csv"))
    assert not running_job.current()


@pytest.mark.parametrize("shift", [1.25, -0.613, 0.0])
@pytest.mark.parametrize("rate", ["24", "29.97"])
def test_recording_is_lined_up_with_its_sound(scene, character, clicks, worker, tmp_path, shift, rate):
    """The recording begins `shift` seconds after the sound, which begins at frame 11."""
    fps = scenes.set_rate(scene, rate)
    scene.frame_start, scene.frame_current = 11, 77
    scenes.use_audio_file(scene, clicks(CLICKS, seconds=6.0))
    times = np.arange(300) / 60
    write_live_link(tmp_path / "take.csv", times, {"jawOpen": mouth(times + shift, CLICKS)})
    bpy.ops.diface.import_recording(filepath=str(tmp_path / "take.csv"))
    request = request_of(character)
    frame = request["recording"]["frame"]
    assert (frame - 11) / fps == pytest.approx(shift, abs=0.025)  # half a row of the engine
    found = keys(character)
    expected = mouth((found[:, 0] - frame) / fps + shift, CLICKS)
    np.testing.assert_allclose(found[:, 1], expected, atol=0.03)
    assert request["audio"]["start"] == pytest.approx((found[0, 0] - 11) / fps)
    assert request["audio"]["seconds"] == pytest.approx(len(found) / fps)


def test_mouth_that_does_not_follow_the_sound_is_said(scene, character, clicks, worker, tmp_path):
    scene.frame_start = 11
    scenes.use_audio_file(scene, clicks(CLICKS, seconds=6.0))
    times = np.arange(300) / 60
    write_live_link(tmp_path / "take.csv", times, waves(times))
    bpy.ops.diface.import_recording(filepath=str(tmp_path / "take.csv"))
    assert request_of(character)["recording"]["frame"] == 11
    assert "does not follow" in bpy.context.window_manager.diface.message


def test_timecode(scene, character, tmp_path):
    scene.frame_start = 101
    scenes.set_rate(scene, "24")
    times = np.arange(120) / 60
    write_live_link(tmp_path / "take.csv", times, waves(times), start=3602.0)
    options = {"filepath": str(tmp_path / "take.csv"), "line_up": "TIMECODE"}
    with pytest.raises(RuntimeError, match="has no timecode"):
        bpy.ops.diface.import_recording(**options)
    with pytest.raises(RuntimeError, match="is not a timecode"):
        bpy.ops.diface.import_recording(**options, timecode="ten")
    bpy.ops.diface.import_recording(**options, timecode="01:00:01:12")
    assert keys(character)[0, 0] == 101 + 12


def test_pins_and_regenerate_on_a_recording(scene, character, clicks, worker, tmp_path):
    scenes.set_rate(scene, "25")
    scene.frame_start = 1
    scenes.use_audio_file(scene, clicks(CLICKS, seconds=6.0))
    times = np.arange(300) / 60
    write_live_link(tmp_path / "take.csv", times, {**waves(times), "jawOpen": mouth(times + 0.4, CLICKS)})
    bpy.ops.diface.import_recording(filepath=str(tmp_path / "take.csv"))
    before, imported = keys(character), face(character)
    curve = compat.find_channelbag(imported, "KEY").fcurves.find('key_blocks["jawOpen"].value')
    curve.keyframe_points.insert(70, 0.77, options={"FAST"})
    assert bpy.ops.diface.regenerate() == {"FINISHED"}
    after = keys(character)
    assert after[np.flatnonzero(after[:, 0] == 70)[0], 1] == np.float32(0.77)
    far = np.abs(before[:, 0] - 70) > 30
    np.testing.assert_array_equal(after[far], before[far])
    assert np.float32(REGENERATED) in after[:, 1]
    assert face(character) != imported
    assert bpy.ops.diface.in_between(first=20, last=40) == {"FINISHED"}
    assert request_of(character)["recording"]["file"] == "take.csv"


def test_gaps_are_filled_from_the_sound(scene, character, clicks, worker, tmp_path):
    scenes.set_rate(scene, "25")
    scene.frame_start = 1
    scenes.use_audio_file(scene, clicks(CLICKS, seconds=6.0))
    times = np.arange(300) / 60
    moving = {**waves(times), "jawOpen": mouth(times, CLICKS)}
    write_live_link(tmp_path / "take.csv", times, moving, lost=slice(120, 180))
    bpy.ops.diface.import_recording(filepath=str(tmp_path / "take.csv"))
    takes = take_index.all_takes()
    assert len(takes) == 2
    imported = next(actions[0] for actions in takes.values() if actions[0].name.startswith("Take"))
    assert imported != face(character)
    spans = recorded.lost_frames(stored_request.require_request(imported))
    ((first, last),) = spans
    assert first == pytest.approx(1 + 2.0 * 25, abs=2)
    assert last == pytest.approx(1 + 3.0 * 25, abs=2)
    before = scenes.curve_points(imported, "KEY", 'key_blocks["jawOpen"].value')
    after = keys(character)
    inside = (after[:, 0] >= first) & (after[:, 0] <= last)
    np.testing.assert_array_equal(after[~inside], before[~inside])
    assert np.any(after[inside, 1] != before[inside, 1])
    assert recorded.lost_frames(request_of(character)) == []
    assert not bpy.ops.diface.fill_gaps.poll()


def test_fill_gaps_later(scene, character, clicks, worker, tmp_path):
    scenes.use_audio_file(scene, clicks(CLICKS, seconds=6.0))
    times = np.arange(300) / 60
    moving = {**waves(times), "jawOpen": mouth(times, CLICKS)}
    write_live_link(tmp_path / "take.csv", times, moving, lost=slice(120, 180))
    bpy.ops.diface.import_recording(filepath=str(tmp_path / "take.csv"), fill_gaps=False)
    assert len(take_index.all_takes()) == 1
    assert bpy.ops.diface.fill_gaps() == {"FINISHED"}
    assert len(take_index.all_takes()) == 2


def test_recording_without_a_sound_is_edited_with_the_sound_that_is_chosen_later(
    scene, character, clicks, worker, tmp_path
):
    scene.frame_current = 5
    times = np.arange(300) / 60
    write_live_link(tmp_path / "take.csv", times, waves(times))
    bpy.ops.diface.import_recording(filepath=str(tmp_path / "take.csv"))
    with pytest.raises(RuntimeError, match="without a sound"):
        bpy.ops.diface.in_between(first=20, last=40)
    scenes.use_audio_file(scene, clicks(CLICKS, seconds=6.0))
    assert bpy.ops.diface.in_between(first=20, last=40) == {"FINISHED"}


def test_splice_with_a_generated_take(scene, character, clicks, worker, tmp_path):
    scenes.set_rate(scene, "25")
    scenes.use_audio_file(scene, clicks(CLICKS, seconds=6.0))
    bpy.ops.diface.generate()
    generated = face(character)
    times = np.arange(360) / 60
    write_live_link(tmp_path / "take.csv", times, {**waves(times), "jawOpen": mouth(times, CLICKS)})
    bpy.ops.diface.import_recording(filepath=str(tmp_path / "take.csv"))
    imported = keys(character)
    assert bpy.ops.diface.splice_take(other=generated.name, first=40, last=80, blend=0) == {"FINISHED"}
    spliced, of_generated = keys(character), scenes.curve_points(generated, "KEY", 'key_blocks["jawOpen"].value')
    at = dict(spliced)
    assert at[60] == dict(of_generated)[60]
    assert at[100] == dict(imported)[100]


def test_personalise_from_a_recording(scene, character, clicks, worker, tmp_path):
    scenes.use_audio_file(scene, clicks(CLICKS, seconds=6.0))
    times = np.arange(360) / 60
    write_live_link(tmp_path / "take.csv", times, {**waves(times), "jawOpen": mouth(times, CLICKS)})
    bpy.ops.diface.import_recording(filepath=str(tmp_path / "take.csv"))
    assert bpy.ops.diface.personalise(name="anna") == {"FINISHED"}


@pytest.mark.skipif(not compat.HAS_AUDIO, reason="This bpy module is built without sound.")
def test_sound_of_a_strip_that_moved_to_another_file(scene, character, clicks, worker, tmp_path):
    """The take finds its sound by the name of the strip, and keeps its shift."""
    scenes.set_rate(scene, "25")
    path = clicks(CLICKS, seconds=6.0)
    strip = scenes.add_strip(scene, path, frame=31)
    scene.diface.source, scene.diface.strip = "STRIP", "Speech"
    times = np.arange(240) / 60
    write_live_link(tmp_path / "take.csv", times, {**waves(times), "jawOpen": mouth(times + 1.0, CLICKS)})
    bpy.ops.diface.import_recording(filepath=str(tmp_path / "take.csv"))
    first = keys(character)[0, 0]
    assert first == pytest.approx(31 + 25, abs=1)
    moved = path.rename(tmp_path / "moved.wav")
    strip.sound.filepath = str(moved)
    bpy.ops.diface.in_between(first=70, last=80)
    audio = request_of(character)["audio"]
    assert Path(audio["path"]) == moved
    assert audio["start"] == pytest.approx((first - 31) / 25, abs=1e-3)
