"""The section of an audio file that a strip plays, checked by the times of clicks."""

from __future__ import annotations

import shutil
import subprocess
from types import SimpleNamespace

import bpy
import pytest
import soundfile

from diface_addon import compat
from diface_addon.core import errors
from diface_addon.operators.generate import load_audio
from diface_addon.scene.audio import audio_strip, decode
from diface_addon.scene.takes import take_index
from tests.addon.conftest import needs_audio
from tests.addon.scene import scenes

pytestmark = needs_audio


def click_times(scene, strip, folder) -> list[float]:
    """Return the seconds after frame 0 of the scene at which the strip plays clicks."""
    section = audio_strip.audio_section(scene, strip, folder)
    samples, rate = soundfile.read(section.path, always_2d=True)
    loud = abs(samples.mean(axis=1)) > 0.2
    begins = [i / rate for i in range(1, len(loud)) if loud[i] and not loud[max(0, i - rate // 20) : i].any()]
    start = audio_strip.bounds(strip)[0] * scene.render.fps_base / scene.render.fps
    return [start + at - section.start for at in begins if section.start <= at < section.start + section.seconds]


@pytest.mark.parametrize("rate", scenes.RATES)
def test_trimmed_and_moved_strip(scene, clicks, tmp_path, rate) -> None:
    fps = scenes.set_rate(scene, rate)
    strip = scenes.add_strip(scene, clicks([0.5, 1.5, 2.5]), 20)
    scenes.trim_strip(strip, 20 + round(fps), 20 + round(2 * fps))
    assert click_times(scene, strip, tmp_path) == pytest.approx([20 / fps + 1.5], abs=0.001)


def test_sound_offset(scene, clicks, tmp_path) -> None:
    strip = scenes.add_strip(scene, clicks([0.5, 1.5]), 1)
    strip.sound_offset = 0.25
    assert click_times(scene, strip, tmp_path) == pytest.approx([1 / 24 + 0.75, 1 / 24 + 1.75], abs=0.001)


def test_volume_and_pan_are_ignored(scene, clicks, tmp_path) -> None:
    strip = scenes.add_strip(scene, clicks([0.5]), 1)
    strip.volume, strip.pan = 0.0, 1.0
    assert click_times(scene, strip, tmp_path) == pytest.approx([1 / 24 + 0.5], abs=0.001)


def test_packed_sound(scene, clicks, tmp_path) -> None:
    path = clicks([0.5])
    strip = scenes.add_strip(scene, path, 1)
    strip.sound.pack()
    path.unlink()
    assert click_times(scene, strip, tmp_path) == pytest.approx([1 / 24 + 0.5], abs=0.001)


def test_strip_in_trimmed_meta(scene, clicks, tmp_path) -> None:
    strip = scenes.add_strip(scene, clicks([0.5, 1.5, 2.5]), 1)
    meta = scenes.wrap_in_meta(scene, strip)
    scenes.trim_strip(meta, 25, 49)
    inner = next(found for _scene, found in audio_strip.list_strips(bpy.context))
    assert audio_strip.bounds(inner) == (25, 49)
    assert click_times(scene, inner, tmp_path) == pytest.approx([1 / 24 + 1.5], abs=0.001)
    meta.mute = True
    with pytest.raises(errors.AudioError, match="muted"):
        audio_strip.audio_section(scene, inner, tmp_path)


def test_strip_outside_its_meta_is_refused(scene, clicks, tmp_path) -> None:
    strip = scenes.add_strip(scene, clicks([0.5]), 1)
    other = scenes.add_strip(scene, clicks([0.5]), 100, channel=2)
    other.select = True
    scenes.trim_strip(scenes.wrap_in_meta(scene, strip), 110, 160)
    inner = min((found for _scene, found in audio_strip.list_strips(bpy.context)), key=lambda found: found.channel)
    with pytest.raises(errors.AudioError, match="has no length"):
        audio_strip.audio_section(scene, inner, tmp_path)


@pytest.mark.parametrize("start", [1, 50, -30])
def test_retimed_strip(scene, clicks, tmp_path, start) -> None:
    strip = scenes.add_strip(scene, clicks([0.5, 1.5, 2.5]), start)
    strip.volume = 0.1
    scenes.retime(scene, strip, 2.0)
    scenes_before, sounds_before = len(bpy.data.scenes), len(bpy.data.sounds)
    first, end = audio_strip.bounds(strip)
    assert end - first == pytest.approx(36, abs=1)
    # Blender rounds the strip's length to frames; its pitch-preserving time stretch is exact to half a frame.
    speed = 72 / (end - first)
    wanted = [start / 24 + time / speed for time in (0.5, 1.5, 2.5)]
    assert click_times(scene, strip, tmp_path) == pytest.approx(wanted, abs=0.02)
    assert (len(bpy.data.scenes), len(bpy.data.sounds)) == (scenes_before, sounds_before)


def test_retimed_strip_with_muted_playback(scene, clicks, tmp_path) -> None:
    strip = scenes.add_strip(scene, clicks([0.5, 1.5]))
    scenes.retime(scene, strip, 2.0)
    scene.use_audio = False
    assert len(click_times(scene, strip, tmp_path)) == 2
    assert not scene.use_audio
    scene.use_audio = True
    strip.volume = 0.0
    strip.keyframe_insert("volume", frame=1)
    assert len(click_times(scene, strip, tmp_path)) == 2


def test_retimed_strip_with_missing_file(scene, clicks, tmp_path) -> None:
    path = clicks([0.5])
    strip = scenes.add_strip(scene, path)
    scenes.retime(scene, strip, 2.0)
    path.unlink()
    with pytest.raises(errors.AudioError, match="is missing"):
        audio_strip.audio_section(scene, strip, tmp_path)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg, which makes the file of this test, is not there.")
@pytest.mark.parametrize("ending", ["m4a", "mp4", "mov", "mkv", "mp3", "ogg", "flac"])
def test_other_formats_have_exact_timing(scene, clicks, tmp_path, ending) -> None:
    if f".{ending}" not in decode.READABLE_SUFFIXES and compat.audio_module() is None:
        pytest.skip("This Blender is built without aud.")
    other = tmp_path / f"other.{ending}"
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(clicks([0.1, 1.5])), str(other)], check=True)
    strip = scenes.add_strip(scene, other, 1)
    assert click_times(scene, strip, tmp_path) == pytest.approx([1 / 24 + 0.1, 1 / 24 + 1.5], abs=0.002)
    decoded = decode.ensure_readable(other, tmp_path)
    assert (decoded == other) == (f".{ending}" in decode.READABLE_SUFFIXES)


def test_load_audio_adds_the_chosen_strip(scene, clicks) -> None:
    scene.frame_set(12)
    assert bpy.ops.diface.load_audio(filepath=str(clicks([0.5]))) == {"FINISHED"}
    where, strip = audio_strip.find_strip(bpy.context, scene.diface.strip)
    assert where == scene
    assert audio_strip.bounds(strip)[0] == 12
    bpy.ops.diface.load_audio(filepath=str(clicks([0.5])))
    assert len(audio_strip.list_strips(bpy.context)) == 2


def test_load_audio_adds_several_files_one_after_another(scene, clicks, tmp_path, capfd) -> None:
    paths = [clicks([0.5], name=name) for name in ("a.wav", "b.wav", "c.wav")]
    folder = paths[0].parent
    (folder / "broken.wav").write_bytes(b"no sound")
    scene.frame_set(12)
    bpy.ops.ed.undo_push(message="before")
    files = [{"name": name} for name in ("a.wav", "broken.wav", "gone.wav", "b.wav", "c.wav")]
    assert bpy.ops.diface.load_audio("EXEC_DEFAULT", True, directory=str(folder), files=files) == {"FINISHED"}
    strips = sorted((strip for _scene, strip in audio_strip.list_strips(bpy.context)), key=compat.strip_bounds)
    assert [strip.name for strip in strips] == ["a.wav", "b.wav", "c.wav"]
    assert len({strip.channel for strip in strips}) == 1
    ends = [compat.strip_bounds(strip) for strip in strips]
    assert [first for first, _end in ends] == [12, *(end for _first, end in ends[:-1])]
    assert scene.frame_end >= ends[-1][1] - 1
    assert scene.diface.strip == "a.wav" == scene.sequence_editor.active_strip.name
    said = capfd.readouterr().out
    assert "broken.wav" in said
    assert "gone.wav" in said
    bpy.ops.ed.undo()
    assert not audio_strip.list_strips(bpy.context)


def test_load_audio_of_files_that_all_fail_changes_nothing(scene, tmp_path) -> None:
    with pytest.raises(RuntimeError, match=r"gone\.wav"):
        bpy.ops.diface.load_audio(directory=str(tmp_path), files=[{"name": "gone.wav"}, {"name": "lost.wav"}])
    assert not audio_strip.list_strips(bpy.context)
    assert scene.sync_mode != "AUDIO_SYNC"


@needs_audio
def test_load_audio_generates_if_asked(scene, head, clicks, worker) -> None:
    bpy.ops.diface.load_audio(filepath=str(clicks([0.5])), generate=True)
    assert head.animation_data.action.name.startswith("Take 1")
    bpy.context.view_layer.objects.active = None
    assert bpy.ops.diface.load_audio(filepath=str(clicks([0.5], name="b.wav")), generate=True) == {"FINISHED"}
    assert len(take_index.all_takes()) == 1


def test_sound_files_can_be_dropped_on_the_viewport() -> None:
    handler = load_audio.DIFACE_FH_sound
    assert bpy.types.DIFACE_FH_sound.bl_import_operator == "diface.load_audio"
    assert {".wav", ".flac", ".mp3"} <= set(handler.bl_file_extensions.split(";"))
    for area, is_accepted in (("VIEW_3D", compat.HAS_AUDIO), ("SEQUENCE_EDITOR", False), (None, False)):
        context = SimpleNamespace(area=SimpleNamespace(type=area) if area else None)
        assert handler.poll_drop(context) is is_accepted


def test_load_audio_extends_the_scene_and_sets_sync(scene, clicks, capfd) -> None:
    scene.frame_end = 60
    bpy.ops.diface.load_audio(filepath=str(clicks([0.5])))
    strip = audio_strip.find_strip(bpy.context, scene.diface.strip)[1]
    assert scene.frame_end == audio_strip.bounds(strip)[1] - 1 == 72
    assert scene.sync_mode == "AUDIO_SYNC"
    assert "was 60 before" in capfd.readouterr().out
    scene.frame_end = 300
    bpy.ops.diface.load_audio(filepath=str(clicks([0.5])))
    assert scene.frame_end == 300


def test_strips_of_the_sequencer_scene_are_found(scene, clicks) -> None:
    if not compat.HAS_SEQUENCER_SCENE:
        pytest.skip("This Blender's sequencer always shows the scene itself.")
    other = bpy.data.scenes.new("Edit")
    strip = scenes.add_strip(other, clicks([0.5]))
    assert audio_strip.list_strips(bpy.context) == [(other, strip)]
