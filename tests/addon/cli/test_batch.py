"""The dialogue of a scene without a window: resumed after a stop, each line alone, with a report."""

from __future__ import annotations

import importlib.util
import json

import bpy
import pytest

from diface_addon import compat
from diface_addon.cli import batch, batch_report
from diface_addon.core import errors
from diface_addon.jobs.dialogue import lines
from diface_addon.scene.takes import take_index
from tests.addon.conftest import needs_audio
from tests.addon.scene import scenes

pytestmark = needs_audio


@pytest.fixture
def dialogue(scene, clicks, worker, tmp_path):
    """A saved file with three lines of one character."""
    scene.diface.dialogue.others = "REST"
    obj = scenes.add_character(scene)
    for number in range(3):
        strip = scenes.add_strip(scene, clicks([0.5], 1.0), 1 + 30 * number)
        strip.name, strip.diface.character = f"Line {number}", obj
    path = tmp_path / "scene.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return path


@pytest.mark.parametrize("name", ["batch", "regenerate_take", "render_motions"])
def test_commands_can_be_run_as_modules(name) -> None:
    spec = importlib.util.find_spec(f"diface_addon.cli.{name}")
    assert spec is not None
    assert hasattr(spec.loader, "get_code")


def states() -> list[str]:
    return [item.state for item in lines.find_lines(bpy.context)]


def test_a_report_that_cannot_be_written_is_said(scene, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(errors.SceneError, match=r"report cannot be made.*Choose another folder"):
        batch_report.write(bpy.context, tmp_path / "file" / "report", [], False)
    (tmp_path / "report.json").mkdir()
    with pytest.raises(errors.SceneError, match=r"report\.json cannot be written.*Choose another folder"):
        batch_report.write(bpy.context, tmp_path, [], False)


def test_all_lines_are_in_the_saved_file_and_in_the_report(dialogue, tmp_path) -> None:
    out, report = tmp_path / "done.blend", tmp_path / "report"
    before = dialogue.read_bytes()
    assert batch.run(dialogue, out, report, with_pictures=False) == 0
    assert dialogue.read_bytes() == before
    bpy.ops.wm.open_mainfile(filepath=str(out))
    assert states() == ["DONE"] * 3
    rows = json.loads((report / "report.json").read_text("utf-8"))
    assert [(row["label"], row["state"], row["reason"]) for row in rows] == [
        (f"Line {number} (Character)", "Made", "") for number in range(3)
    ]
    assert "Line 2 (Character)" in (report / "report.html").read_text("utf-8")
    assert sorted(path.name for path in tmp_path.glob("*.blend")) == ["done.blend", "scene.blend"]


def test_a_run_that_was_stopped_continues(dialogue, tmp_path, monkeypatch) -> None:
    out, saves = tmp_path / "done.blend", []
    save = batch._save

    def stop_after_two(target) -> None:
        save(target)
        saves.append(target)
        if len(saves) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(batch, "_save", stop_after_two)
    with pytest.raises(KeyboardInterrupt):
        batch.run(dialogue, out, None)
    monkeypatch.undo()
    bpy.ops.wm.open_mainfile(filepath=str(out))
    assert states() == ["DONE", "DONE", "NEW"]
    assert batch.run(dialogue, out, None) == 0
    assert states() == ["DONE"] * 3
    assert len(take_index.all_takes()) == 3


def test_a_line_that_fails_is_named_and_the_rest_is_done(dialogue, tmp_path) -> None:
    strip = next(s for s in compat.strips(bpy.context.scene.sequence_editor) if s.name == "Line 1")
    sound = bpy.data.sounds.load(bpy.path.abspath(strip.sound.filepath))
    sound.filepath, strip.sound = str(tmp_path / "gone.wav"), sound
    bpy.ops.wm.save_mainfile()
    assert batch.run(dialogue, None, tmp_path / "report", with_pictures=False) == 1
    rows = json.loads((tmp_path / "report" / "report.json").read_text("utf-8"))
    assert [row["label"] for row in rows if row["reason"]] == ["Line 1 (Character)"]
    assert "missing" in rows[0]["reason"]
    bpy.ops.wm.open_mainfile(filepath=str(dialogue))
    assert states() == ["DONE", "NEW", "DONE"]


def test_a_scene_without_lines_is_an_error(scene, worker, tmp_path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "empty.blend"))
    with pytest.raises(errors.SceneError, match="No sound strip has a character"):
        batch.run(tmp_path / "empty.blend", None, None)
