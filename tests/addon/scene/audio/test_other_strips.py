"""Movie strips and scene strips as the source of speech."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import bpy
import pytest

from diface_addon import compat
from diface_addon.core import errors
from diface_addon.scene.audio import audio_strip
from tests.addon.conftest import needs_audio
from tests.addon.scene import scenes
from tests.addon.scene.audio.test_audio_strip import click_times

pytestmark = needs_audio
needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg, which makes the movie, is not there.")


def write_movie(folder: Path, sound: Path | None, rate: str = "24") -> Path:
    """Write 3 s of video, with sound."""
    path = folder / "movie.mp4"
    picture = ["-f", "lavfi", "-i", f"color=black:s=64x64:r={rate}:d=3", *(["-i", str(sound)] if sound else [])]
    codecs = ["-c:v", "mpeg4", "-c:a", "aac", "-shortest", str(path)]
    subprocess.run(["ffmpeg", "-v", "error", *picture, *codecs], check=True)
    return path


def add_movie(scene: bpy.types.Scene, path: Path, frame: int):
    """Add a movie strip without a strip for its sound."""
    editor = scene.sequence_editor_create()
    if compat.HAS_SEQUENCER_SCENE and bpy.context.workspace:
        bpy.context.workspace.sequencer_scene = scene
    return compat.strips(editor).new_movie("Shot", str(path), 2, frame)


@needs_ffmpeg
@pytest.mark.parametrize("rate", ["24", "30000/1001"])
def test_movie_strip_is_heard(scene, clicks, tmp_path, rate) -> None:
    """At the same times as a strip of its sound, also if the movie has another frame rate."""
    path = write_movie(tmp_path, clicks([0.5, 1.5]), rate)
    strip = add_movie(scene, path, 11)
    assert audio_strip.find_strip(bpy.context, "") == (scene, strip)
    assert click_times(scene, strip, tmp_path) == pytest.approx([11 / 24 + 0.5, 11 / 24 + 1.5], abs=0.03)
    scenes.trim_strip(strip, 11 + 24, 11 + 48)
    assert click_times(scene, strip, tmp_path) == pytest.approx([11 / 24 + 1.5], abs=0.03)


@needs_ffmpeg
def test_sound_strip_is_preferred_and_a_movie_can_be_chosen(scene, clicks, tmp_path) -> None:
    path = write_movie(tmp_path, clicks([0.5]))
    movie, sound = add_movie(scene, path, 1), scenes.add_strip(scene, path, 1)
    assert [strip for _scene, strip in audio_strip.list_strips(bpy.context)] == [sound]
    assert audio_strip.find_strip(bpy.context, "")[1] == sound
    assert audio_strip.find_strip(bpy.context, movie.name)[1] == movie


@needs_ffmpeg
def test_movie_without_sound_is_refused(scene, tmp_path) -> None:
    strip = add_movie(scene, write_movie(tmp_path, None), 1)
    with pytest.raises(errors.AudioError, match=r"finds no sound in movie\.mp4"):
        audio_strip.audio_section(scene, strip, tmp_path)


@needs_ffmpeg
def test_missing_movie_is_refused(scene, clicks, tmp_path) -> None:
    path = write_movie(tmp_path, clicks([0.5]))
    strip = add_movie(scene, path, 1)
    path.unlink()
    with pytest.raises(errors.AudioError, match="is missing"):
        audio_strip.audio_section(scene, strip, tmp_path)


@pytest.mark.parametrize("start", [1, 20])
def test_scene_strip_is_heard(scene, clicks, tmp_path, start) -> None:
    """All its sound, and nothing of the strips beside it."""
    other = bpy.data.scenes.new("Dialogue")
    other.render.fps, other.render.fps_base = scene.render.fps, scene.render.fps_base
    other.frame_start, other.frame_end = 1, 72
    compat.strips(other.sequence_editor_create()).new_sound("Line", str(clicks([0.5, 1.5])), 1, 1)
    scenes.add_strip(scene, clicks([1.0], name="other.wav"), start)
    strip = compat.strips(scene.sequence_editor).new_scene("Nested", other, 3, start)
    assert audio_strip.find_strip(bpy.context, "Nested") == (scene, strip)
    expected = [start / 24 + 0.5, start / 24 + 1.5]
    assert click_times(scene, strip, tmp_path) == pytest.approx(expected, abs=0.01)
    scenes.trim_strip(strip, start + 24, start + 48)
    assert click_times(scene, strip, tmp_path) == pytest.approx([start / 24 + 1.5], abs=0.01)
    assert len(bpy.data.scenes) == 2


def test_scene_strip_at_another_rate_is_refused(scene, clicks, tmp_path) -> None:
    other = bpy.data.scenes.new("Dialogue")
    other.render.fps = 30
    compat.strips(other.sequence_editor_create()).new_sound("Line", str(clicks([0.5])), 1, 1)
    scenes.add_strip(scene, clicks([1.0], name="other.wav"), 1)
    strip = compat.strips(scene.sequence_editor).new_scene("Nested", other, 3, 1)
    with pytest.raises(errors.AudioError, match="another frame rate"):
        audio_strip.audio_section(scene, strip, tmp_path)


def test_scene_strip_without_sound_is_refused(scene, clicks, tmp_path) -> None:
    scenes.add_strip(scene, clicks([1.0], name="other.wav"), 1)
    strip = compat.strips(scene.sequence_editor).new_scene("Nested", bpy.data.scenes.new("Silent"), 3, 1)
    with pytest.raises(errors.AudioError, match="has no sound"):
        audio_strip.audio_section(scene, strip, tmp_path)
