"""What cannot be generated from: each ends in a message with what to do, and the file's data are as before."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest
import soundfile

from diface_addon import compat
from diface_addon.core import errors
from diface_addon.scene.audio import audio_strip, decode
from diface_addon.settings import preferences

from . import engine, fingerprint, scenes
from .conftest import needs_audio

CLICKS = [0.25, 1.0]


def refused(*, saying: str, trying: str) -> None:
    """Generate fails with this message and this hint, and changes nothing."""
    before = fingerprint.of_file()
    with pytest.raises(RuntimeError) as caught:
        bpy.ops.diface.generate()
    assert saying in str(caught.value)
    assert trying in str(caught.value)
    assert fingerprint.difference(before, fingerprint.of_file()) == []


def test_the_fingerprint_sees_changes(scene, head) -> None:
    before = fingerprint.of_file()
    head.rotation_euler.x = 0.1
    head.data.shape_keys.key_blocks["jawOpen"].slider_max = 2
    scene.frame_end += 1
    found = "\n".join(fingerprint.difference(before, fingerprint.of_file()))
    assert all(name in found for name in ("rotation_euler", "slider_max", "frame_end"))
    head.data.shape_keys.animation_data_create().action = bpy.data.actions.new("A")
    assert "actions[A]" in "\n".join(fingerprint.difference(before, fingerprint.of_file()))


# The sound


def test_no_strip(scene, head) -> None:
    refused(saying="There is no sound strip", trying="Load Audio")


def test_no_file_chosen(scene, head) -> None:
    scene.diface.source = "FILE"
    refused(saying="No sound file is chosen", trying="Choose one")


def test_a_missing_file(scene, head, tmp_path, worker) -> None:
    scenes.use_file(scene, tmp_path / "gone.wav")
    refused(saying="There is no sound file", trying="Choose another")


def test_an_unreadable_file(scene, head, tmp_path, worker) -> None:
    (tmp_path / "text.wav").write_text("This is no sound, whatever its name says. " * 50)
    scenes.use_file(scene, tmp_path / "text.wav")
    refused(saying="text.wav is not a supported audio file", trying="Convert it")


def test_an_unreadable_file_of_blenders_formats(scene, head, tmp_path, worker) -> None:
    (tmp_path / "text.m4a").write_text("This is no sound, whatever its name says. " * 50)
    scenes.use_file(scene, tmp_path / "text.m4a")
    refused(saying="text.m4a", trying="Convert it to wav")


def test_a_file_without_length(scene, head, tmp_path, worker) -> None:
    soundfile.write(tmp_path / "empty.wav", np.zeros(0, np.float32), 48000)
    scenes.use_file(scene, tmp_path / "empty.wav")
    refused(saying="length is zero", trying="Choose another file")


def test_a_silent_file(scene, head, clicks, worker) -> None:
    scenes.use_file(scene, clicks([]))
    refused(saying="silent", trying="Choose a sound with speech")


@needs_audio
def test_a_strip_that_is_not_there(scene, head, clicks) -> None:
    scenes.add_strip(scene, clicks(CLICKS))
    scene.diface.strip = "Renamed"
    refused(saying='no sound strip called "Renamed"', trying="Choose another")


@needs_audio
def test_several_strips_and_none_chosen(scene, head, clicks) -> None:
    scenes.add_strip(scene, clicks(CLICKS))
    scenes.add_strip(scene, clicks(CLICKS, name="b.wav"), channel=2)
    scene.sequence_editor.active_strip = None
    refused(saying="several sound strips", trying="Choose one")


@needs_audio
def test_a_muted_strip(scene, head, clicks, worker) -> None:
    scenes.add_strip(scene, clicks(CLICKS)).mute = True
    refused(saying='"Speech" is muted', trying="Unmute")


@needs_audio
def test_a_muted_channel(scene, head, clicks, worker) -> None:
    scenes.add_strip(scene, clicks(CLICKS), channel=3)
    scene.sequence_editor.channels[3].mute = True
    refused(saying="channel", trying="Unmute")


@needs_audio
def test_a_strip_whose_file_is_gone(scene, head, clicks, worker) -> None:
    path = clicks(CLICKS)
    scenes.add_strip(scene, path)
    path.unlink()
    refused(saying="is missing", trying="Find Missing Files")


@needs_audio
def test_a_strip_trimmed_to_silence(scene, head, clicks, worker) -> None:
    strip = scenes.add_strip(scene, clicks([0.1]))
    scenes.cut(strip, 30, 60)
    refused(saying="silent", trying="trim")


@needs_audio
def test_scenes_of_different_rates(scene, head, clicks, worker) -> None:
    if not compat.HAS_SEQUENCER_SCENE:
        pytest.skip("This Blender's sequencer always shows the scene itself.")
    other = bpy.data.scenes.new("Edit")
    other.render.fps = 30
    scenes.add_strip(other, clicks(CLICKS))
    refused(saying="30 frames a second", trying="same frame rate")


# The character


def test_no_character(scene, clicks) -> None:
    scenes.use_file(scene, clicks(CLICKS))
    refused(saying="There is no character", trying="Add DiFACE Head")


def test_not_a_mesh(scene, clicks) -> None:
    empty = bpy.data.objects.new("Locator", None)
    scene.collection.objects.link(empty)
    bpy.context.view_layer.objects.active = empty
    scenes.use_file(scene, clicks(CLICKS))
    refused(saying="Locator is not a mesh", trying="mesh object")


def test_a_deleted_character_that_is_still_chosen(scene, head, clicks) -> None:
    scene.diface.character = head
    bpy.context.collection.objects.unlink(head)
    scenes.use_file(scene, clicks(CLICKS))
    refused(saying="was deleted", trying="choose another")


@pytest.mark.parametrize(("names", "saying"), [((), "has no shape keys"), (("a", "b"), "name of a face channel")])
def test_a_mesh_without_the_shape_keys_takes_the_head_only(scene, clicks, worker, names, saying) -> None:
    obj = scenes.add_character(scene, names)
    scenes.use_file(scene, clicks(CLICKS))
    refused(saying=saying, trying="only the head")
    scene.diface.parts = "HEAD"
    assert bpy.ops.diface.generate() == {"FINISHED"}
    assert obj.animation_data.action


def test_absolute_shape_keys(scene, head, clicks) -> None:
    head.data.shape_keys.use_relative = False
    scenes.use_file(scene, clicks(CLICKS))
    refused(saying="absolute", trying="Relative")


def test_shape_keys_that_drivers_set(scene, head, clicks) -> None:
    for name in ("jawOpen", "mouthSmileLeft"):
        head.data.shape_keys.key_blocks[name].driver_add("value")
    scenes.use_file(scene, clicks(CLICKS))
    refused(saying="Drivers set", trying="Remove the drivers")


def test_in_edit_mode_it_works(scene, head, clicks, worker) -> None:
    scenes.use_file(scene, clicks(CLICKS))
    bpy.ops.object.mode_set(mode="EDIT")
    assert bpy.ops.diface.generate() == {"FINISHED"}
    assert head.mode == "EDIT"
    bpy.ops.object.mode_set(mode="OBJECT")
    scene.frame_set(1 + 6)
    assert head.data.shape_keys.key_blocks["jawOpen"].value > 0.5


@pytest.fixture
def library(scene, head, tmp_path) -> Path:
    """A file with the character, and an empty scene afterwards."""
    path = tmp_path / "library.blend"
    bpy.data.libraries.write(str(path), {head})
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return path


def link(path: Path) -> bpy.types.Object:
    with bpy.data.libraries.load(str(path), link=True) as (_there, here):
        here.objects = ["Character"]
    obj = here.objects[0]
    bpy.context.scene.collection.objects.link(obj)
    bpy.context.view_layer.objects.active = obj
    return obj


def test_a_linked_character(library, clicks) -> None:
    link(library)
    scenes.use_file(bpy.context.scene, clicks(CLICKS))
    refused(saying="is linked from another file", trying="library override")


def test_an_overridden_object_with_a_linked_mesh(library, clicks, worker) -> None:
    obj = link(library).override_create(remap_local_usages=True)
    bpy.context.view_layer.objects.active = obj
    scenes.use_file(bpy.context.scene, clicks(CLICKS))
    refused(saying="mesh of Character is linked", trying="library override")
    bpy.context.scene.diface.parts = "HEAD"
    assert bpy.ops.diface.generate() == {"FINISHED"}
    assert obj.animation_data.action


def test_an_overridden_character_works_and_survives_saving(library, clicks, worker, tmp_path) -> None:
    scene = bpy.context.scene
    root = link(library)
    obj = root.override_hierarchy_create(scene, bpy.context.view_layer, do_fully_editable=True)
    data = obj.data if obj.data.override_library else obj.data.override_create(remap_local_usages=True)
    obj.data = data
    bpy.context.view_layer.objects.active = obj
    scenes.use_file(scene, clicks(CLICKS))
    assert bpy.ops.diface.generate() == {"FINISHED"}
    keys = scenes.jaw(obj).copy()

    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    again = next(obj for obj in bpy.data.objects if obj.name == "Character" and obj.override_library)
    assert (scenes.jaw(again) == keys).all()


# The worker


def test_a_worker_that_is_killed(scene, head, clicks, worker) -> None:
    scenes.use_file(scene, clicks(CLICKS))
    scene.diface.seed = engine.KILLED
    refused(saying="The worker process was ended", trying="a fresh worker starts")
    scene.diface.seed = 1
    assert bpy.ops.diface.generate() == {"FINISHED"}


def test_a_worker_with_a_bug(scene, head, clicks, worker) -> None:
    scenes.use_file(scene, clicks(CLICKS))
    scene.diface.seed = engine.BUG
    refused(saying="ZeroDivisionError", trying="report it")


def test_a_python_that_is_not_there(scene, head, clicks, worker, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("DIFACE_PYTHON", str(tmp_path / "python"))
    scenes.use_file(scene, clicks(CLICKS))
    refused(saying="There is no Python at", trying="preferences")


def test_values_beyond_the_slider_are_held_and_said(scene, head, clicks, worker, capfd) -> None:
    scenes.use_file(scene, clicks(CLICKS))
    scene.diface.seed = engine.OUT_OF_RANGE
    assert bpy.ops.diface.generate() == {"FINISHED"}
    assert scenes.jaw(head)[:, 1].max() == 1.0
    assert "Held within the slider's range: jawOpen." in capfd.readouterr().out


def test_no_temporary_file_is_left(scene, head, clicks, worker, tmp_path, monkeypatch) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    scenes.use_file(scene, clicks(CLICKS))
    assert bpy.ops.diface.generate() == {"FINISHED"}
    scenes.use_file(scene, clicks([]))
    refused(saying="silent", trying="")
    assert {path.name for path in folder.iterdir()} <= {preferences.CACHE_FOLDER_NAME}


# The temporary folder


@pytest.fixture
def no_temporary(tmp_path, monkeypatch) -> Path:
    """A temporary folder that is not there."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    return tmp_path


def test_no_temporary_folder(scene, head, clicks, worker, no_temporary) -> None:
    scenes.use_file(scene, clicks(CLICKS))
    refused(saying="temporary file", trying="TMPDIR")
    with pytest.raises(RuntimeError, match=r"temporary file .* cannot be made.*TMPDIR"):
        bpy.ops.diface.playblast(filepath=str(no_temporary / "out.mp4"))
    assert not (no_temporary / "out.mp4").exists()


def test_a_file_in_the_place_of_the_cache(scene, head, clicks, worker, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / preferences.CACHE_FOLDER_NAME).touch()
    scenes.use_file(scene, clicks(CLICKS))
    refused(saying=preferences.CACHE_FOLDER_NAME, trying="TMPDIR")


@needs_audio
def test_sound_that_has_no_place_to_go(scene, clicks, tmp_path) -> None:
    strip = scenes.add_strip(scene, clicks(CLICKS))
    strip.sound.pack()
    with pytest.raises(errors.SceneError, match=r"temporary file .*packed.* TMPDIR"):
        audio_strip.audio_section(scene, strip, tmp_path / "gone")
    other = clicks(CLICKS).rename(tmp_path / "clicks.m4a")  # aud looks at the bytes
    with pytest.raises(errors.SceneError, match=r"temporary file .*decoded.* TMPDIR"):
        decode.ensure_readable(other, tmp_path / "gone")
