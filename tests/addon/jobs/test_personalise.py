"""Personalise: from starred takes with their edits to a style that is chosen and stored in the .blend."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import bpy
import numpy as np
import pytest
import soundfile

from diface_addon import compat
from diface_addon.core import channels, errors, types
from diface_addon.jobs import edit_shape_keys, running_job
from diface_addon.jobs import generate as generation
from diface_addon.jobs import personalise as personalise_job
from diface_addon.operators.styles import personalise
from diface_addon.rig import binding
from diface_addon.rig.discovery.discover import discover
from diface_addon.scene.animation import evaluate_curves
from diface_addon.scene.characters import bundled_head
from diface_addon.scene.provenance import take_request
from diface_addon.scene.styles import packed_styles, styles
from diface_addon.scene.takes import style_examples, take_index, take_list, write_take
from diface_addon.settings import performance, preferences
from diface_addon.worker import process
from tests.addon.characters import kinds_by_label
from tests.addon.conftest import check_python, needs_audio
from tests.addon.operators.modal_driver import Driver, start
from tests.addon.scene import fingerprint, scenes

pytestmark = pytest.mark.slow

NAMES = ("jawOpen", "mouthClose", "mouthSmileLeft", "eyeBlinkLeft")
JAW = 'key_blocks["jawOpen"].value'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder to which personal styles are unpacked."""
    made = tmp_path / "styles"
    made.mkdir()
    monkeypatch.setattr(preferences, "styles_folder", lambda: made)
    return made


@pytest.fixture
def actor(scene, clicks, worker, folder) -> bpy.types.Object:
    """Return a character with lips, and select an audio file as the speech."""
    obj = scenes.add_character(scene, NAMES)
    scenes.use_audio_file(scene, clicks([0.25, 1.0, 2.0]))
    return obj


def request_of(file: Path) -> types.GenerateRequest:
    """Return the request of the settings for a sound file."""
    settings = performance.active(bpy.context)
    return generation.request_from_settings(bpy.context.scene, settings, types.AudioSection(file))


def generate(seed: int = 0) -> list[bpy.types.Action]:
    """Generate a take and return its Actions."""
    bpy.context.scene.diface.seed = seed
    before = set(take_index.all_takes())
    assert bpy.ops.diface.generate() == {"FINISHED"}
    (made,) = set(take_index.all_takes()) - before
    return take_index.all_takes()[made]


def star(actions: list[bpy.types.Action]) -> None:
    take_list.set_favourite(actions[0], True)


def jaw_curve(actions: list[bpy.types.Action]) -> bpy.types.FCurve:
    return compat.find_channelbag(actions[0], "KEY").fcurves.find(JAW)


def message() -> str:
    return bpy.context.window_manager.diface.message


# --- motion ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", scenes.RATES)
def test_edited_keys_are_in_the_examples_at_any_frame_rate(scene, actor, rate) -> None:
    value, scene.frame_start = scenes.set_rate(scene, rate), 11
    actions = generate()
    generated = style_examples.final_motion(actor, actions)
    assert set(generated.channels) == set(NAMES) - {"eyeBlinkLeft"}
    assert generated.rate.value == pytest.approx(value)
    keys = jaw_curve(actions).keyframe_points
    keys[7].co.y = 0.625
    jaw_curve(actions).update()
    edited = style_examples.final_motion(actor, actions)
    assert edited.column("jawOpen")[7] == 0.625
    np.testing.assert_array_equal(np.delete(edited.values, 7, 0), np.delete(generated.values, 7, 0))
    np.testing.assert_array_equal(generated.column("jawOpen"), np.clip(generated.column("jawOpen"), 0, 1))
    assert len(generated) == len(keys)


def test_moved_take_is_read_at_its_position(actor) -> None:
    actions = generate()
    before = style_examples.final_motion(actor, actions)
    for fcurve in compat.find_channelbag(actions[0], "KEY").fcurves:
        for key in fcurve.keyframe_points:
            key.co.x += 40
        fcurve.update()
    np.testing.assert_array_equal(style_examples.final_motion(actor, actions).values, before.values)


def test_muted_and_driven_channels_are_left_out(actor) -> None:
    actions = generate()
    compat.find_channelbag(actions[0], "KEY").fcurves.find('key_blocks["mouthSmileLeft"].value').mute = True
    assert style_examples.final_motion(actor, actions).channels == ("jawOpen", "mouthClose")


@pytest.mark.parametrize("label", ["visemes alone", "walking, with a jaw bone", "VRoid-like"])
def test_poses_bones_and_lips_are_read_as_channels(scene, label) -> None:
    built = kinds_by_label.make(label, Path())
    binding.bind(discover(built.main))
    mouth = tuple(name for name in channels.FACE if name.startswith(("jaw", "mouth")))
    rows = 60
    values = np.zeros((rows, len(mouth)), np.float32)
    values[:, mouth.index("jawOpen")] = 0.4 + 0.3 * np.sin(np.arange(rows) / 5)
    motion = types.Motion(values, mouth, types.FrameRate(24))
    request = types.GenerateRequest(types.AudioSection(Path("a.wav")), rate=types.FrameRate(24))
    stored = {**take_request.to_json(request, sound="a.wav"), "first_frame": 5}
    written = write_take.write_take(built.main, motion, "T", stored)
    write_take.write_take(built.main, types.Motion(values[::-1].copy(), mouth, motion.rate), "Other", stored)
    read = style_examples.final_motion(built.main, list(written.actions))
    assert len(read) == rows
    assert {"jawOpen", "mouthClose"} <= set(read.channels)
    assert np.corrcoef(read.column("jawOpen"), motion.column("jawOpen"))[0, 1] > 0.98
    sampled = evaluate_curves.sample_motion(built.main, 5, rows, read.channels).values[::-1]
    assert np.abs(sampled - read.values).max() < 0.02


def test_starred_takes_are_the_examples_else_the_active_one(actor, scene, clicks) -> None:
    first, second, third = (generate(seed) for seed in range(3))
    assert style_examples.chosen_takes(actor) == [third]
    star(first)
    assert style_examples.chosen_takes(actor) == [first]
    star(second)
    assert style_examples.chosen_takes(actor) == [first, second]
    other = scenes.add_character(scene, NAMES)
    scenes.use_audio_file(scene, clicks([0.25]))
    other_take = generate(3)
    star(other_take)
    assert style_examples.chosen_takes(actor) == [first, second]
    assert style_examples.chosen_takes(other) == [other_take]


# --- operator --------------------------------------------------------------------------------------------------------


def test_new_style_is_chosen(scene, actor, folder) -> None:
    star(generate(1))
    star(generate(2))
    keys = scenes.jaw_keys(actor)
    assert bpy.ops.diface.personalise(name="Ada") == {"FINISHED"}
    assert scene.diface.style == "Ada"
    assert styles.names() == (*styles.trained(), "Ada")
    (file,) = folder.iterdir()
    assert file.read_bytes() == packed_styles.style_bytes("Ada")
    assert file.name.startswith("Ada-")
    np.testing.assert_array_equal(scenes.jaw_keys(actor), keys)
    assert running_job.current() is None
    request = request_of(file)
    assert request.style == types.Style.named(str(file))


def test_style_name_is_the_characters_and_unique(scene, actor) -> None:
    generate()
    for expected in ("Character", "Character 2", "Character 3"):
        assert bpy.ops.diface.personalise() == {"FINISHED"}
        assert scene.diface.style == expected
    trained = styles.trained()[0]
    assert bpy.ops.diface.personalise(name=f"{trained}.safetensors") == {"FINISHED"}
    assert scene.diface.style == f"{trained} 2"


def adapting(name: str) -> Driver:
    """Begin the operator as in a window."""
    return start(personalise.DIFACE_OT_personalise, name=name)


def test_personalise_shows_progress_and_the_error_reduction(scene, actor) -> None:
    generate()
    operator, shown = adapting("Ada"), set()
    with pytest.raises(errors.WorkerError, match="already working"):
        generation.check_can_generate(bpy.context)
    while (result := operator.send("TIMER")) == {"PASS_THROUGH"}:
        shown.add(bpy.context.window_manager.diface.stage[:8])
        time.sleep(0.01)
    assert result == {"FINISHED"}
    assert shown
    assert "New style: Ada." in message()
    assert "Adapted to 3 s from 1 take" in message()
    assert "100% smaller" in message()  # the fake engine verified that audio and motion match
    assert scene.diface.style == "Ada"


def test_esc_changes_nothing(actor, folder) -> None:
    generate()
    operator = adapting("slow")
    before = fingerprint.of_file()
    until = time.monotonic() + 20
    while "slowly" not in bpy.context.window_manager.diface.stage and time.monotonic() < until:
        operator.send("TIMER")
        time.sleep(0.01)
    assert operator.send("ESC") == {"CANCELLED"}
    assert fingerprint.difference(before, fingerprint.of_file()) == []
    assert list(folder.iterdir()) == []
    assert running_job.current() is None


# --- audio -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def strip(scene, actor, clicks):
    """A packed sound on a strip, trimmed at both ends: the worker reads a file that is removed afterwards."""
    scene.diface.source = "STRIP"
    strip = scenes.add_strip(scene, clicks([0.5, 1.0, 2.0]), 21)
    strip.sound.pack()
    scenes.trim_strip(strip, 26, 81)
    generate()
    return strip


@needs_audio
def test_moved_strip_is_found(actor, strip, tmp_path) -> None:
    (take,) = style_examples.chosen_takes(actor)
    (one,) = style_examples.collect_examples(
        bpy.context, actor, bpy.context.scene.diface.filepath, _new(tmp_path / "a")
    )
    assert one.audio.path.is_file()
    assert one.audio.path.parent.parent == tmp_path / "a"
    compat.move_strip(strip, 100)
    (moved,) = style_examples.collect_examples(
        bpy.context, actor, bpy.context.scene.diface.filepath, _new(tmp_path / "b")
    )
    assert moved.audio.start == pytest.approx(one.audio.start)
    assert moved.audio.seconds == pytest.approx(one.audio.seconds)
    assert bpy.ops.diface.personalise(name="Ada") == {"FINISHED"}
    assert take[0].name == one.name


@needs_audio
def test_missing_or_changed_sound_is_reported(actor, strip, unchanged) -> None:
    scenes.trim_strip(strip, 30, 81)
    with pytest.raises(RuntimeError, match="no longer plays what the take"):
        bpy.ops.diface.personalise()
    scenes.trim_strip(strip, 26, 81)
    strip.name = "Another"
    with pytest.raises(RuntimeError, match="is gone: Speech"):
        bpy.ops.diface.personalise()
    strip.name = "Speech"


def _new(folder):
    folder.mkdir()
    return folder


# --- storage ---------------------------------------------------------------------------------------------------------


def test_style_is_stored_in_the_blend(scene, actor, folder, tmp_path) -> None:
    generate()
    bpy.ops.diface.personalise(name="Ada")
    (file,) = folder.iterdir()
    data = file.read_bytes()
    made_here = request_of(file).style
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "ada.blend"))
    shutil.rmtree(folder)
    folder.mkdir()

    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "ada.blend"))
    assert "Ada" in styles.names()
    assert list(folder.iterdir()) == []
    request = request_of(file)
    assert request.style == types.Style.named(str(file))
    assert file.read_bytes() == data
    file.unlink()
    assert styles.restore_style(made_here, lambda: folder) == made_here
    assert file.read_bytes() == data
    assert (
        styles.restore_style(types.Style.named("/gone/x.safetensors"), lambda: folder).blend[0][0]
        == "/gone/x.safetensors"
    )


def test_take_with_a_packed_style_is_edited_on_another_computer(scene, actor, folder) -> None:
    """The file of the request does not exist; it is unpacked again."""
    generate()
    bpy.ops.diface.personalise(name="Ada")
    generate(1)
    (file,) = folder.iterdir()
    file.unlink()
    base = edit_shape_keys.read_edit_context(bpy.context, actor, folder)
    assert base.request.style == types.Style.named(str(file))
    assert file.is_file()


def test_changed_style_file_is_not_overwritten(scene, actor, folder) -> None:
    generate()
    bpy.ops.diface.personalise(name="Ada")
    (file,) = folder.iterdir()
    file.write_bytes(b"mine")
    with pytest.raises(errors.ModelError, match="is not the style"):
        request_of(file)
    assert file.read_bytes() == b"mine"


def test_damaged_and_newer_styles_are_reported(scene, actor) -> None:
    packed_styles.pack(scene, "Ada", b"the file")
    (entry,) = scene[packed_styles.STYLES].values()
    entry["file"] = b"the fill"
    with pytest.raises(errors.ModelError, match="damaged"):
        packed_styles.style_bytes("Ada")
    entry["version"] = packed_styles.VERSION + 1
    with pytest.raises(errors.ModelError, match="newer DiFACE"):
        packed_styles.style_bytes("Ada")


def test_exported_style_is_loaded_and_packed(scene, actor, folder, tmp_path) -> None:
    with pytest.raises(RuntimeError, match="No personal style is selected"):
        bpy.ops.diface.export_style(filepath=str(tmp_path / "a.safetensors"))
    generate()
    bpy.ops.diface.personalise(name="Ada")
    assert bpy.ops.diface.export_style(filepath=str(tmp_path / "a")) == {"FINISHED"}
    file = tmp_path / "a.safetensors"
    assert file.read_bytes() == packed_styles.style_bytes("Ada")
    del scene[packed_styles.STYLES]
    scene.diface.style = ""
    assert bpy.ops.diface.load_style(filepath=str(file)) == {"FINISHED"}
    assert scene.diface.style == "Ada"
    assert packed_styles.style_bytes("Ada") == file.read_bytes()
    assert bpy.ops.diface.load_style(filepath=str(file), second=True) == {"FINISHED"}
    assert scene.diface.second_style == "Ada"
    assert packed_styles.names() == ["Ada"]


def test_style_survives_an_unwritable_folder(scene, actor, monkeypatch, tmp_path) -> None:
    generate()
    monkeypatch.setattr(preferences, "styles_folder", lambda: tmp_path / "nowhere")
    running = personalise_job.begin(bpy.context, "Ada")
    try:
        style = running.write_result()
    finally:
        running.end()
    assert "It is in the .blend, but" in style.notes[-1]
    assert packed_styles.style_bytes("Ada")


# --- bad input -------------------------------------------------------------------------------------------------------


def refused(text: str) -> None:
    before = fingerprint.of_file()
    with pytest.raises(RuntimeError, match=text):
        bpy.ops.diface.personalise()
    assert fingerprint.difference(before, fingerprint.of_file()) == []
    assert running_job.current() is None


def test_personalise_needs_a_take(actor) -> None:
    refused("No take of Character has a star, and none is active")


def test_unusable_takes_are_named(scene, actor, clicks) -> None:
    scene.diface.parts = "HEAD"
    head = generate()
    star(head)
    refused("moves only the head")
    take_list.set_favourite(head[0], False)

    scene.diface.parts = "FACE"
    face = generate(1)
    scenes.add_character(scene, ("jawOpen", "smile"))
    star(face)
    face[0].name = "Best"
    actor.name = "Renamed"  # the take has no user now
    refused('take "Best" does not move mouthClose of Character')


def test_missing_sound_file_is_reported(scene, actor) -> None:
    generate()
    Path(scene.diface.filepath).unlink()
    refused("The take .* cannot be an example: The sound of the take is gone: clicks.wav")


# --- bundled models --------------------------------------------------------------------------------------------------


@pytest.fixture
def quick_worker(monkeypatch):
    """Send requests to the real worker, which trains for a third of the steps."""
    check_python()
    worker = process.WorkerProcess("tests.addon.worker.quick_training")
    monkeypatch.setattr(process, "_shared", worker)
    yield
    worker.close()


@pytest.mark.skipif(not bpy.app.version_string.startswith("4.5"), reason="Training takes long; once is enough.")
def test_repeated_edit_is_learned_by_the_style(scene, speech, tmp_path, folder, quick_worker) -> None:
    """In every take the jaw opens 50 % wider, with a smile; takes in the new style do so without edits."""
    scene.render.fps, scene.frame_start = 25, 11
    actor = bundled_head.add_head(bpy.context)
    samples, rate = soundfile.read(speech)
    soundfile.write(tmp_path / "speech.wav", samples, rate)
    scenes.use_audio_file(scene, tmp_path / "speech.wav")
    scene.diface.variety = 0.0
    take = generate()
    before = style_examples.final_motion(actor, take)
    for name, factor, more in (("jawOpen", 1.5, 0.0), ("mouthSmileLeft", 1.0, 0.3)):
        fcurve = compat.find_channelbag(take[0], "KEY").fcurves.find(f'key_blocks["{name}"].value')
        keys = np.empty((len(fcurve.keyframe_points), 2), np.float32)
        fcurve.keyframe_points.foreach_get("co", keys.ravel())
        keys[:, 1] = factor * keys[:, 1] + more
        fcurve.keyframe_points.foreach_set("co", keys.ravel())
        fcurve.update()
    assert bpy.ops.diface.personalise(name="Wide") == {"FINISHED"}
    after = style_examples.final_motion(actor, generate(1))
    assert after.column("jawOpen").mean() > 1.2 * before.column("jawOpen").mean()
    assert after.column("mouthSmileLeft").mean() > before.column("mouthSmileLeft").mean() + 0.1

    scene.diface.parts, scene.frame_end = "FACE", 200
    soundfile.write(tmp_path / "speech.wav", samples[: 5 * rate], rate)
    star(generate(2))
    with pytest.raises(RuntimeError, match="too short to train a style"):
        bpy.ops.diface.personalise()


def test_scene_renamed_during_personalise_gets_the_style(scene, actor, folder) -> None:
    generate()
    job = personalise_job.begin(bpy.context, "Ada")
    try:
        scene.name = "Renamed"
        bpy.data.scenes.new("Scene")
        job.write_result()
    finally:
        job.end()
    assert scene.diface.style == "Ada"
    assert packed_styles.STYLES in scene
