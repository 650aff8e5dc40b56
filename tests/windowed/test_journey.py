"""A user's session with the built zip in an empty Blender: every test is a step that continues the previous one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from . import steps
from .left_behind import FIND
from .steps import HEAD, MODULE, STATE, TAKES, motion, scrub, wait_for_job
from .window import BlenderWindow

soundfile = pytest.importorskip("soundfile")


def turn_head_and_set_key(blender: BlenderWindow, degrees: int) -> None:
    """Turn the head with R Z and set a key with I, in the viewport."""
    blender.press_in_viewport("r", "z")
    blender.desktop.write(str(degrees))
    blender.desktop.press("Return", "i")
    time.sleep(0.5)


def tree(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")} if folder.is_dir() else set()


@pytest.fixture(scope="module")
def sound(speech: Path, blender: BlenderWindow) -> Path:
    """Return 24 s of speech, long enough for Esc in the middle."""
    samples, rate = soundfile.read(speech)
    file = blender.folder / "a speech.wav"
    soundfile.write(file, np.tile(samples, 2), rate)
    return file


@pytest.fixture(autouse=True)
def _no_traceback(blender: BlenderWindow) -> Iterator[None]:
    """Fail a step that printed a traceback on Blender's console."""
    before = len(blender.console())
    yield
    printed = blender.console()[before:]
    assert "Traceback" not in printed, printed
    assert "Error: " not in printed, printed


def test_zip_is_dropped_on_the_window(blender: BlenderWindow, small_zip: Path) -> None:
    assert blender.run(FIND) == {}
    steps.install(blender, small_zip)


def test_panel_opens_and_head_is_added(blender: BlenderWindow) -> None:
    steps.open_panel(blender)
    steps.add_head(blender)


def test_redo_panel_adds_and_removes_the_stage(blender: BlenderWindow) -> None:
    before = blender.ask("len(bpy.data.objects)")
    closed = blender.region("VIEW_3D", "HUD")
    blender.desktop.click(closed.x + 40, closed.y + 12)
    blender.wait_until(lambda: blender.region("VIEW_3D", "HUD").height > closed.height + 20, 20, "the panel is open")
    time.sleep(0.5)
    opened = blender.region("VIEW_3D", "HUD")
    for more in (True, False):  # the only property: Camera and Lights
        blender.desktop.click(opened.x + opened.width // 2, opened.y + opened.height - 18)
        blender.wait_for(f"(len(bpy.data.objects) > {before}) is {more}", 20)
    assert blender.ask("len(bpy.data.objects)") == before
    assert blender.ask("sum('DiFACE Head' in obj.name for obj in bpy.data.objects)") == 1


def test_audio_is_loaded_by_the_file_browser(blender: BlenderWindow, sound: Path) -> None:
    steps.load_audio(blender, sound)
    assert blender.ask("bpy.context.scene.frame_end") > 500


def test_escape_stops_generating(blender: BlenderWindow) -> None:
    blender.click("diface.generate()")
    blender.wait_for(f"{STATE}.running", 20)
    blender.desktop.press("Escape")
    blender.wait_until(lambda: not blender.ask(f"{STATE}.running"), 20, "Esc ended the job")
    assert blender.ask("len(bpy.data.actions)") == 0
    assert not blender.ask(f"{HEAD}.animation_data is not None and {HEAD}.animation_data.action is not None")


def test_generate_moves_face_and_head(blender: BlenderWindow) -> None:
    steps.generate(blender)
    values = motion(blender)
    assert values[:, 3:].max() > 0.2
    assert np.abs(values[:, :3]).max() > 0.005
    # Adjust Last Operation is for this job, not for an operator before it, which would undo the take.
    assert blender.ask("bpy.context.window_manager.operators[-1].bl_idname") == "DIFACE_OT_generate"


def test_scrubbing_shows_the_motion(blender: BlenderWindow) -> None:
    scrub(blender, 60)
    at_60 = blender.ask(f"[key.value for key in {HEAD}.data.shape_keys.key_blocks]")
    scrub(blender, 90)
    assert blender.ask(f"[key.value for key in {HEAD}.data.shape_keys.key_blocks]") != at_60


def test_regenerate_keeps_the_key_and_what_is_far(blender: BlenderWindow) -> None:
    before, takes = motion(blender), blender.ask(TAKES)
    scrub(blender, 100)
    turn_head_and_set_key(blender, 25)
    keyed = motion(blender)[99]
    assert np.abs(keyed[:3] - before[99, :3]).max() > 0.1
    blender.click("diface.regenerate(where='AROUND')")
    blender.wait_until(lambda: len(blender.ask(TAKES)) > len(takes), 120, "a new take")
    wait_for_job(blender)
    after = motion(blender)
    np.testing.assert_allclose(after[99, :3], keyed[:3], atol=1e-6)
    np.testing.assert_allclose(after[:40], before[:40], atol=1e-6)
    np.testing.assert_allclose(after[200:], before[200:], atol=1e-6)
    assert np.abs(after[97, :3] - before[97, :3]).max() > 0.02, "the motion does not lead to the key"


def test_live_follows_a_key(blender: BlenderWindow) -> None:
    blender.click("edit.live")
    blender.wait_for("bpy.context.scene.diface.edit.live", 20)
    scrub(blender, 180)
    before = motion(blender)
    turn_head_and_set_key(blender, -25)
    blender.wait_until(lambda: np.abs(motion(blender)[177, :3] - before[177, :3]).max() > 0.02, 60, "curves change")
    time.sleep(2.5)  # the update in full quality
    after = motion(blender)
    assert np.abs(after[179, :3] - before[179, :3]).max() > 0.1
    np.testing.assert_allclose(after[:110], before[:110], atol=1e-6)
    blender.click("edit.live")
    blender.wait_for("not bpy.context.scene.diface.edit.live", 20)


def test_undo_leads_back_to_the_start_and_redo_to_the_end(blender: BlenderWindow) -> None:
    end, takes = motion(blender), blender.ask(TAKES)
    steps = 0
    while blender.ask("'DiFACE Head' in bpy.data.objects"):
        blender.press_in_viewport("ctrl+z")
        steps += 1
        assert steps < 40
    assert blender.ask("len(bpy.data.actions)") == 0
    assert blender.ask("len(bpy.data.sounds)") == 0
    assert blender.ask("bpy.context.scene.frame_end") == 250
    for _ in range(steps):
        blender.press_in_viewport("ctrl+shift+z")
    time.sleep(1)
    assert blender.ask(TAKES) == takes
    np.testing.assert_allclose(motion(blender), end, atol=1e-6)


def test_file_is_saved_and_opened_again(blender: BlenderWindow) -> None:
    end, takes = motion(blender), blender.ask(TAKES)
    file = blender.folder / "scene.blend"
    blender.press_in_viewport("ctrl+s")
    blender.choose_file(file)
    blender.wait_until(file.is_file, 30)
    blender.press_in_viewport("ctrl+n")  # an empty file, from the menu that opens
    time.sleep(0.5)
    blender.desktop.press("g")
    blender.wait_for("'DiFACE Head' not in bpy.data.objects", 30)
    blender.press_in_viewport("ctrl+o")
    blender.choose_file(file)
    blender.wait_for("'DiFACE Head' in bpy.data.objects", 30)
    assert blender.ask(TAKES) == takes
    np.testing.assert_allclose(motion(blender), end, atol=1e-6)


def test_playblast_writes_a_video_with_sound(blender: BlenderWindow) -> None:
    blender.run(
        "scene = bpy.context.scene\n"
        "scene.use_preview_range, scene.frame_preview_start, scene.frame_preview_end = True, 100, 103\n"
        "scene.render.resolution_percentage = 20"
    )
    file = blender.folder / "film.mp4"
    blender.search("Playblast")
    blender.choose_file(file)
    blender.wait_until(file.is_file, 240)
    film = file.read_bytes()
    for kind in (b"vide", b"soun", b"avc1", b"mp4a"):
        assert kind in film
    blender.wait_for("len(bpy.data.scenes) == 1", 20)
    blender.close_other_windows()


@pytest.mark.parametrize(("label", "name"), [("FBX", "head.fbx"), ("Alembic", "head.abc")])
def test_export_writes_the_file(blender: BlenderWindow, label: str, name: str) -> None:
    if label == "Alembic" and not blender.ask("bpy.app.build_options.alembic"):
        assert not blender.ask("bpy.ops.diface.export_alembic.poll()")
        pytest.skip("This Blender is built without Alembic.")
    file = blender.folder / name
    blender.search(f"DiFACE Export {label}")  # Blender has exporters of these names, too
    blender.choose_file(file)
    blender.wait_until(file.is_file, 120)
    assert file.stat().st_size > 500_000


def test_disabling_and_uninstalling_leave_nothing_behind(blender: BlenderWindow) -> None:
    assert len(blender.processes()) > 1, "the worker is not running"
    blender.run(f"bpy.ops.preferences.addon_disable(module={MODULE!r})")
    found = blender.run(FIND)
    modules = found.pop("modules", [])  # Blender keeps the modules of a disabled add-on
    assert all(name.startswith(MODULE) for name in modules)
    assert found == {}
    blender.wait_until(lambda: not blender.worker_processes(), 20, "the worker has ended")
    blender.run(
        "repos = bpy.context.preferences.extensions.repos\n"
        "index = next(i for i, repo in enumerate(repos) if repo.module == 'user_default')\n"
        "bpy.ops.extensions.package_uninstall(repo_index=index, pkg_id='diface')"
    )
    time.sleep(2)
    left = {path for path in tree(blender.folder / "user") if "diface" in path or "site-packages/" in path}
    assert left == set()
    left = {path for name in ("temp", "home") for path in tree(blender.folder / name) if "diface" in path.lower()}
    assert left == set()


def test_blender_quits_without_a_trace(blender: BlenderWindow) -> None:
    assert blender.close() == 0
    assert blender.processes() == []
    assert "Traceback" not in blender.console()
