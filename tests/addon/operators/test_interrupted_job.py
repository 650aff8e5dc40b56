"""Jobs that are cancelled, or whose scene changes meanwhile: nothing is written, and the reason is reported."""

from __future__ import annotations

import time
from types import SimpleNamespace

import bpy
import pytest

from diface_addon.core import errors
from diface_addon.jobs import generate, running_job
from diface_addon.operators.base import modal_job
from diface_addon.operators.generate import cancel
from tests.addon.operators.modal_driver import Driver
from tests.addon.scene import fingerprint, scenes
from tests.addon.worker import fake_engine

CLICKS = [0.25, 1.0]


@pytest.fixture
def running(scene, head, clicks, worker):
    """A running generation that takes half a minute."""
    scenes.use_audio_file(scene, clicks(CLICKS))
    scene.diface.seed = fake_engine.SLOW
    made = generate.begin(bpy.context)
    while made.task.progress.stage != "Working slowly":
        made.task.poll()
        assert made.task.state == "running"
        time.sleep(0.01)
    yield made
    made.end()


@pytest.fixture
def finished(scene, head, clicks, worker):
    """A finished generation whose result is not written yet."""
    scenes.use_audio_file(scene, clicks(CLICKS))
    made = generate.begin(bpy.context)
    made.task.wait()
    yield made
    made.end()


def test_only_one_job_runs_at_a_time(running) -> None:
    with pytest.raises(RuntimeError, match="already working"):
        bpy.ops.diface.generate()
    with pytest.raises(RuntimeError, match="already working"):
        bpy.ops.diface.check_worker()


def test_cancel_changes_nothing(running) -> None:
    before = fingerprint.of_file()
    assert bpy.ops.diface.cancel() == {"FINISHED"}
    assert running.task.state == "cancelled"
    with pytest.raises(errors.Cancelled):
        running.write_result()
    running.end()
    assert running_job.current() is None
    assert fingerprint.difference(before, fingerprint.of_file()) == []


def test_generate_works_after_cancel(scene, running) -> None:
    bpy.ops.diface.cancel()
    running.end()
    scene.diface.seed = 1
    assert bpy.ops.diface.generate() == {"FINISHED"}


def test_temporary_folder_is_removed(running) -> None:
    folder = running._folder.name
    running.end()
    with pytest.raises(FileNotFoundError):
        next(iter(scenes.Path(folder).iterdir()))


def test_removed_character(head, finished) -> None:
    bpy.data.objects.remove(head)
    before = fingerprint.of_file()
    with pytest.raises(errors.SceneError, match="deleted while DiFACE worked"):
        finished.write_result()
    assert fingerprint.difference(before, fingerprint.of_file()) == []


def test_deleted_character_that_is_still_chosen(scene, head, finished) -> None:
    scene.diface.character = head
    scene.collection.objects.unlink(head)
    with pytest.raises(errors.SceneError, match="was deleted from the scene"):
        finished.write_result()
    assert not bpy.data.actions


def test_character_that_lost_its_shape_keys(head, finished) -> None:
    head.shape_key_clear()
    with pytest.raises(errors.SceneError, match="has no shape keys"):
        finished.write_result()
    assert not bpy.data.actions


def test_renamed_character_and_missing_sound_are_accepted(scene, head, finished) -> None:
    head.name = "Renamed"
    scene.diface.filepath = "/nowhere.wav"
    finished.write_result()
    assert scenes.loud_frames(scenes.jaw_keys(head)) == [7, 25]


def test_opening_a_file_cancels_the_job(running) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    assert running.task.state == "cancelled"
    assert running_job.current() is None
    state = bpy.context.window_manager.diface
    assert not state.running
    assert not bpy.data.actions


def test_unregister_ends_the_job_and_the_worker(running, monkeypatch) -> None:
    from diface_addon.worker import process as jobs

    worker = jobs.shared_worker()
    process = worker._connection._process
    generate.unregister()
    assert running.task.state == "cancelled"
    assert running_job.current() is None
    assert process.wait(5) is not None


def test_modal_operator_passes_events_through_and_shows_progress(running) -> None:
    operator = Driver(running_job.current())
    assert [operator.send(kind) for kind in ("TIMER", "MOUSEMOVE", "A")] == [{"PASS_THROUGH"}] * 3
    while bpy.context.window_manager.diface.stage == "Starting":
        assert operator.send("TIMER") == {"PASS_THROUGH"}
        time.sleep(0.01)
    assert bpy.context.window_manager.diface.stage.startswith("Working slowly")
    assert operator.send("ESC") == {"CANCELLED"}
    state = bpy.context.window_manager.diface
    assert (state.running, state.message) == (False, "Cancelled. Nothing was changed.")
    assert running_job.current() is None


def test_cancel_button_ends_the_modal_operator(running) -> None:
    operator = Driver(running_job.current())
    bpy.ops.diface.cancel()
    assert operator.send("TIMER") == {"CANCELLED"}
    assert (operator.kinds, operator.reports) == ([{"INFO"}], ["Cancelled. Nothing was changed."])


def press_cancel() -> None:
    """Press the button, which asks the modal operator."""
    cancel.DIFACE_OT_cancel.invoke(SimpleNamespace(), bpy.context, None)


@pytest.mark.parametrize("press", ["ESC", "BUTTON"])
def test_long_job_is_cancelled_by_the_second_press(running, press) -> None:
    operator, state = Driver(running_job.current()), bpy.context.window_manager.diface
    operator._started -= modal_job.CONFIRM_CANCEL_SECONDS

    def send() -> set[str]:
        if press == "ESC":
            return operator.send("ESC")
        press_cancel()
        return operator.send("TIMER")

    assert state.cancel_hint == "Esc: Cancel"
    assert send() == {"RUNNING_MODAL" if press == "ESC" else "PASS_THROUGH"}
    assert (state.running, state.cancel_hint) == (True, "Press Esc or Cancel again to stop")
    assert operator.send("TIMER") == {"PASS_THROUGH"}
    assert send() == {"CANCELLED"}
    assert (state.running, running_job.current()) == (False, None)


def test_short_job_is_cancelled_by_one_press_of_the_button(running) -> None:
    operator = Driver(running_job.current())
    press_cancel()
    assert operator.send("TIMER") == {"CANCELLED"}


def test_modal_operator_writes_the_take(head, finished) -> None:
    operator = Driver(running_job.current())
    assert operator.send("MOUSEMOVE") == {"PASS_THROUGH"}
    assert head.data.shape_keys.animation_data is None
    assert operator.send("TIMER") == {"FINISHED"}
    assert scenes.loud_frames(scenes.jaw_keys(head)) == [7, 25]
    assert "New take" in bpy.context.window_manager.diface.message


def test_modal_operator_reports_errors(head, finished) -> None:
    operator = Driver(running_job.current())
    head.shape_key_clear()
    assert operator.send("TIMER") == {"CANCELLED"}
    (kind,), (text,) = operator.kinds, operator.reports
    assert kind == {"ERROR"}
    assert "has no shape keys" in text
    assert bpy.context.window_manager.diface.message == text


def test_removed_modal_operator_ends_the_job(running) -> None:
    Driver(running_job.current()).cancel(bpy.context)
    assert running.task.state == "cancelled"
    assert running_job.current() is None
