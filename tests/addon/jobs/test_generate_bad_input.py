"""Bad input to Generate: each case ends in a message with what to do, and changes no data."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest
import soundfile

from diface_addon import compat
from diface_addon.core import errors
from diface_addon.scene.audio import audio_strip, decode
from diface_addon.scene.files import user_cache
from diface_addon.worker import process
from tests.addon.conftest import needs_audio
from tests.addon.scene import fingerprint, scenes
from tests.addon.worker import fake_engine

CLICKS = [0.25, 1.0]


def refused(*, message: str, hint: str) -> None:
    """Check that Generate fails with this message and this hint, and changes nothing."""
    before = fingerprint.of_file()
    with pytest.raises(RuntimeError) as caught:
        bpy.ops.diface.generate()
    assert message in str(caught.value)
    assert hint in str(caught.value)
    assert fingerprint.difference(before, fingerprint.of_file()) == []


def test_fingerprint_detects_changes(scene, head) -> None:
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
    refused(message="There is no sound strip", hint="Load Audio")


def test_no_file_chosen(scene, head) -> None:
    scene.diface.source = "FILE"
    refused(message="No sound file is chosen", hint="Choose one")


def test_missing_file(scene, head, tmp_path, worker) -> None:
    scenes.use_audio_file(scene, tmp_path / "gone.wav")
    refused(message="There is no sound file", hint="Choose another")


def test_unreadable_file(scene, head, tmp_path, worker) -> None:
    (tmp_path / "text.wav").write_text("This is no sound, whatever its name says. " * 50)
    scenes.use_audio_file(scene, tmp_path / "text.wav")
    refused(message="text.wav is not a supported audio file", hint="Convert it")


def test_unreadable_file_that_blender_decodes(scene, head, tmp_path, worker) -> None:
    (tmp_path / "text.m4a").write_text("This is no sound, whatever its name says. " * 50)
    scenes.use_audio_file(scene, tmp_path / "text.m4a")
    refused(message="text.m4a", hint="Convert it to wav")


def test_file_without_length(scene, head, tmp_path, worker) -> None:
    soundfile.write(tmp_path / "empty.wav", np.zeros(0, np.float32), 48000)
    scenes.use_audio_file(scene, tmp_path / "empty.wav")
    refused(message="length is zero", hint="Choose another file")


def test_silent_file(scene, head, clicks, worker) -> None:
    scenes.use_audio_file(scene, clicks([]))
    refused(message="silent", hint="Choose audio with speech")


@needs_audio
def test_missing_strip(scene, head, clicks) -> None:
    scenes.add_strip(scene, clicks(CLICKS))
    scene.diface.strip = "Renamed"
    refused(message='no sound strip called "Renamed"', hint="Choose another")


@needs_audio
def test_several_strips_without_choice(scene, head, clicks) -> None:
    scenes.add_strip(scene, clicks(CLICKS))
    scenes.add_strip(scene, clicks(CLICKS, name="b.wav"), channel=2)
    scene.sequence_editor.active_strip = None
    refused(message="several sound strips", hint="Choose one")


@needs_audio
def test_muted_strip(scene, head, clicks, worker) -> None:
    scenes.add_strip(scene, clicks(CLICKS)).mute = True
    refused(message='"Speech" is muted', hint="Unmute")


@needs_audio
def test_muted_channel(scene, head, clicks, worker) -> None:
    scenes.add_strip(scene, clicks(CLICKS), channel=3)
    scene.sequence_editor.channels[3].mute = True
    refused(message="channel", hint="Unmute")


@needs_audio
def test_strip_with_missing_file(scene, head, clicks, worker) -> None:
    path = clicks(CLICKS)
    scenes.add_strip(scene, path)
    path.unlink()
    refused(message="is missing", hint="Find Missing Files")


@needs_audio
def test_strip_trimmed_to_silence(scene, head, clicks, worker) -> None:
    strip = scenes.add_strip(scene, clicks([0.1]))
    scenes.trim_strip(strip, 30, 60)
    refused(message="silent", hint="trim")


@needs_audio
def test_scenes_with_different_frame_rates(scene, head, clicks, worker) -> None:
    if not compat.HAS_SEQUENCER_SCENE:
        pytest.skip("This Blender's sequencer always shows the scene itself.")
    other = bpy.data.scenes.new("Edit")
    other.render.fps = 30
    scenes.add_strip(other, clicks(CLICKS))
    refused(message="30 frames per second", hint="same frame rate")


# The character


def test_no_character(scene, clicks) -> None:
    scenes.use_audio_file(scene, clicks(CLICKS))
    refused(message="There is no character", hint="Add DiFACE Head")


def test_not_a_mesh(scene, clicks) -> None:
    empty = bpy.data.objects.new("Locator", None)
    scene.collection.objects.link(empty)
    bpy.context.view_layer.objects.active = empty
    scenes.use_audio_file(scene, clicks(CLICKS))
    refused(message="Locator is not a mesh", hint="mesh object")


def test_deleted_character_that_is_still_chosen(scene, head, clicks) -> None:
    scene.diface.character = head
    bpy.context.collection.objects.unlink(head)
    scenes.use_audio_file(scene, clicks(CLICKS))
    refused(message="was deleted", hint="choose another")


@pytest.mark.parametrize(("names", "message"), [((), "has no shape keys"), (("a", "b"), "name of a face channel")])
def test_mesh_without_shape_keys_allows_head_only(scene, clicks, worker, names, message) -> None:
    obj = scenes.add_character(scene, names)
    scenes.use_audio_file(scene, clicks(CLICKS))
    refused(message=message, hint="only the head")
    scene.diface.parts = "HEAD"
    assert bpy.ops.diface.generate() == {"FINISHED"}
    assert obj.animation_data.action


def test_absolute_shape_keys_are_refused(scene, head, clicks) -> None:
    head.data.shape_keys.use_relative = False
    scenes.use_audio_file(scene, clicks(CLICKS))
    refused(message="absolute", hint="Relative")


def test_driven_shape_keys_are_refused(scene, head, clicks) -> None:
    for name in ("jawOpen", "mouthSmileLeft"):
        head.data.shape_keys.key_blocks[name].driver_add("value")
    scenes.use_audio_file(scene, clicks(CLICKS))
    refused(message="Drivers set", hint="Remove the drivers")


def test_generate_works_in_edit_mode(scene, head, clicks, worker) -> None:
    scenes.use_audio_file(scene, clicks(CLICKS))
    bpy.ops.object.mode_set(mode="EDIT")
    assert bpy.ops.diface.generate() == {"FINISHED"}
    assert head.mode == "EDIT"
    bpy.ops.object.mode_set(mode="OBJECT")
    scene.frame_set(1 + 6)
    assert head.data.shape_keys.key_blocks["jawOpen"].value > 0.5


@pytest.fixture
def library(scene, head, tmp_path) -> Path:
    """Save a file with the character, then open an empty scene."""
    path = tmp_path / "library.blend"
    bpy.data.libraries.write(str(path), {head})
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return path


def link(path: Path) -> bpy.types.Object:
    with bpy.data.libraries.load(str(path), link=True) as (_source, linked):
        linked.objects = ["Character"]
    obj = linked.objects[0]
    bpy.context.scene.collection.objects.link(obj)
    bpy.context.view_layer.objects.active = obj
    return obj


def test_linked_character_is_refused(library, clicks) -> None:
    link(library)
    scenes.use_audio_file(bpy.context.scene, clicks(CLICKS))
    refused(message="is linked from another file", hint="Library Override")


def test_overridden_object_with_linked_mesh(library, clicks, worker) -> None:
    obj = link(library).override_create(remap_local_usages=True)
    bpy.context.view_layer.objects.active = obj
    scenes.use_audio_file(bpy.context.scene, clicks(CLICKS))
    refused(message="mesh of Character is linked", hint="Library Override")
    bpy.context.scene.diface.parts = "HEAD"
    assert bpy.ops.diface.generate() == {"FINISHED"}
    assert obj.animation_data.action


def test_overridden_character_survives_saving(library, clicks, worker, tmp_path) -> None:
    scene = bpy.context.scene
    root = link(library)
    obj = root.override_hierarchy_create(scene, bpy.context.view_layer, do_fully_editable=True)
    data = obj.data if obj.data.override_library else obj.data.override_create(remap_local_usages=True)
    obj.data = data
    bpy.context.view_layer.objects.active = obj
    scenes.use_audio_file(scene, clicks(CLICKS))
    assert bpy.ops.diface.generate() == {"FINISHED"}
    keys = scenes.jaw_keys(obj).copy()

    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    again = next(obj for obj in bpy.data.objects if obj.name == "Character" and obj.override_library)
    assert (scenes.jaw_keys(again) == keys).all()


# The worker


def test_killed_worker(scene, head, clicks, worker) -> None:
    scenes.use_audio_file(scene, clicks(CLICKS))
    scene.diface.seed = fake_engine.KILLED
    refused(message="The worker process was ended", hint="a new worker starts")
    scene.diface.seed = 1
    assert bpy.ops.diface.generate() == {"FINISHED"}


def test_worker_with_a_bug(scene, head, clicks, worker) -> None:
    scenes.use_audio_file(scene, clicks(CLICKS))
    scene.diface.seed = fake_engine.BUG
    refused(message="Internal error: ZeroDivisionError", hint="report it")


def test_missing_worker_python(scene, head, clicks, worker, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("DIFACE_PYTHON", str(tmp_path / "python"))
    scenes.use_audio_file(scene, clicks(CLICKS))
    refused(message="There is no Python at", hint="preferences")


def test_values_outside_the_slider_range_are_clamped_with_a_note(scene, head, clicks, worker, capfd) -> None:
    scenes.use_audio_file(scene, clicks(CLICKS))
    scene.diface.seed = fake_engine.OUT_OF_RANGE
    assert bpy.ops.diface.generate() == {"FINISHED"}
    assert scenes.jaw_keys(head)[:, 1].max() == 1.0
    assert "Held within the slider's range: jawOpen." in capfd.readouterr().out


def test_temporary_files_are_removed(scene, head, clicks, worker, tmp_path, monkeypatch) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    scenes.use_audio_file(scene, clicks(CLICKS))
    assert bpy.ops.diface.generate() == {"FINISHED"}
    scenes.use_audio_file(scene, clicks([]))
    refused(message="silent", hint="")
    assert list(folder.iterdir()) == []


# The temporary folder


@pytest.fixture
def no_temporary(tmp_path, monkeypatch) -> Path:
    """Name a temporary folder that does not exist."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    return tmp_path


def test_missing_temporary_folder(scene, head, clicks, worker, no_temporary) -> None:
    scenes.use_audio_file(scene, clicks(CLICKS))
    refused(message="temporary file", hint="TMPDIR")
    with pytest.raises(RuntimeError, match=r"temporary file .* cannot be made.*TMPDIR"):
        bpy.ops.diface.playblast(filepath=str(no_temporary / "out.mp4"))
    assert not (no_temporary / "out.mp4").exists()


def test_file_instead_of_the_cache_folder(scene, head, clicks, worker, tmp_path, monkeypatch, caplog) -> None:
    monkeypatch.setattr(user_cache, "_user_cache_root", lambda: tmp_path)
    (tmp_path / "diface").mkdir()
    (tmp_path / "diface" / "cache").touch()
    scenes.use_audio_file(scene, clicks(CLICKS))
    assert bpy.ops.diface.generate() == {"FINISHED"}
    assert "not cached on disk" in caplog.text


def test_read_only_user_folder(scene, head, clicks, worker, monkeypatch, caplog) -> None:
    """As root, who may write everywhere, a folder that refuses is only pretended."""

    def refuse(name: str) -> Path:
        raise PermissionError(13, "Permission denied", f"/read only/{name}")

    monkeypatch.setattr(user_cache, "private_folder", refuse)
    scenes.use_audio_file(scene, clicks(CLICKS))
    assert bpy.ops.diface.generate() == {"FINISHED"}
    assert "/read only/cache" in caplog.text


def test_folders_with_spaces_and_letters_of_other_scripts(scene, head, clicks, worker, tmp_path, monkeypatch) -> None:
    root = tmp_path / "Мои файлы 我的 é"
    root.mkdir()
    monkeypatch.setattr(user_cache, "_user_cache_root", lambda: root)
    monkeypatch.setattr("tempfile.tempdir", str(root))
    sound = clicks(CLICKS)
    scenes.use_audio_file(scene, sound.rename(root / "звук 音.wav"))
    assert bpy.ops.diface.generate() == {"FINISHED"}
    assert (root / "diface" / "cache").is_dir()
    assert process.shared_worker()._launch.cache == root / "diface" / "cache"


@needs_audio
def test_sound_without_temporary_folder(scene, clicks, tmp_path) -> None:
    strip = scenes.add_strip(scene, clicks(CLICKS))
    strip.sound.pack()
    with pytest.raises(errors.SceneError, match=r"temporary file .*packed.* TMPDIR"):
        audio_strip.audio_section(scene, strip, tmp_path / "gone")
    other = clicks(CLICKS).rename(tmp_path / "clicks.m4a")  # aud looks at the bytes
    with pytest.raises(errors.SceneError, match=r"temporary file .*decoded.* TMPDIR"):
        decode.ensure_readable(other, tmp_path / "gone")
