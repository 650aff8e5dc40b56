"""The playblast: a video that plays, with the sound at the right time, and nothing of the scene touched."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import bpy
import numpy as np
import pytest

from diface_addon import compat
from tests.addon import fingerprint, scenes
from tests.addon.conftest import needs_audio

needs_ffmpeg = pytest.mark.skipif(
    shutil.which("ffmpeg") is None, reason="ffmpeg, which looks into the video, is not there."
)


def streams(path: Path) -> dict[str, dict]:
    """What the video holds, by kind."""
    command = ["ffprobe", "-v", "error", "-show_streams", "-of", "json", str(path)]
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["streams"]
    return {stream["codec_type"]: stream for stream in found}


def clicks_in(path: Path) -> list[float]:
    """The seconds at which clicks begin in the video's sound."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "f32le", "-ac", "1", "-ar", "16000", "-"]
    samples = np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, np.float32)
    loud = np.flatnonzero(np.abs(samples) > 0.15) / 16000
    return loud[np.diff(loud, prepend=-1) > 0.1].tolist()


@pytest.fixture
def small(scene, head) -> bpy.types.Scene:
    """A scene that renders fast: 24 frames from 5 on, of odd size."""
    scene.render.resolution_x, scene.render.resolution_y = 65, 49
    scene.frame_start, scene.frame_end = 5, 28
    return scene


@needs_ffmpeg
def test_a_video_of_the_range(small, tmp_path) -> None:
    before = fingerprint.of_file()
    assert bpy.ops.diface.playblast(filepath=str(tmp_path / "out.mp4")) == {"FINISHED"}
    assert fingerprint.difference(before, fingerprint.of_file()) == []
    video = streams(tmp_path / "out.mp4")["video"]
    assert (video["codec_name"], video["nb_frames"], video["width"], video["height"]) == ("h264", "24", 64, 48)
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]


@needs_ffmpeg
@needs_audio
@pytest.mark.parametrize("source", ["FILE", "STRIP", "the sequencer's own scene"])
def test_the_sound_is_in_time(small, clicks, tmp_path, source) -> None:
    """The click is 0.5 s into the sound, which begins with the first frame."""
    path = clicks([0.5])
    if source == "FILE":
        scenes.use_file(small, path)
    elif source == "STRIP":
        scenes.add_strip(small, path, 5)
    elif compat.HAS_SEQUENCER_SCENE:
        scenes.add_strip(bpy.data.scenes.new("Edit"), path, 5)
    else:
        pytest.skip("This Blender's sequencer always shows the scene itself.")
    before = fingerprint.of_file()
    bpy.ops.diface.playblast(filepath=str(tmp_path / "out.mp4"))
    assert fingerprint.difference(before, fingerprint.of_file()) == []
    assert streams(tmp_path / "out.mp4")["audio"]["codec_name"] == "aac"
    assert clicks_in(tmp_path / "out.mp4") == pytest.approx([0.5], abs=0.03)


def test_a_blender_without_sound_says_so(small, tmp_path, capfd) -> None:
    bpy.ops.diface.playblast(filepath=str(tmp_path / "out.mp4"))
    assert ("It is silent" in capfd.readouterr().out) == (not compat.HAS_AUDIO)


@needs_ffmpeg
@pytest.mark.parametrize("camera", [False, True])
def test_the_character_is_seen(small, tmp_path, camera) -> None:
    """Without a camera, one frames the character; the scene's own is kept to."""
    if camera:
        small.camera = bpy.data.objects.new("Away", bpy.data.cameras.new("Away"))
        small.collection.objects.link(small.camera)
        small.camera.location = (0, 0, 50)
        small.camera.rotation_euler.x = 3.14  # upwards, past everything
    small.frame_end = small.frame_start
    bpy.ops.diface.playblast(filepath=str(tmp_path / "out.mp4"))
    command = ["ffmpeg", "-v", "error", "-i", str(tmp_path / "out.mp4"), "-f", "rawvideo", "-pix_fmt", "gray", "-"]
    picture = np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, np.uint8)
    contrast = int(picture.max()) - int(picture.min())
    assert (contrast < 20) == camera
