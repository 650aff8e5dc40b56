"""Operators that run jobs: exceptions, redo, opening another file, and buttons that do not block the interface."""

from __future__ import annotations

import time
from types import SimpleNamespace

import bpy
import pytest
from bpy.app.handlers import persistent

from diface_addon.jobs import generate, running_job
from diface_addon.jobs.setup import worker_test
from diface_addon.operators.base import modal_job
from diface_addon.operators.base.modal_job import ModalJobOperator
from diface_addon.operators.generate import check_worker
from tests.addon.scene import scenes


class ModalOperator(ModalJobOperator):
    """A modal operator as Blender runs it in a window, with events sent by the test."""

    bl_label = "Generate"

    def __init__(self, job: running_job.RunningJob) -> None:
        self.reports: list[tuple[set[str], str]] = []
        self.watch(bpy.context, job)

    def report(self, kind: set[str], text: str) -> None:
        self.reports.append((kind, text))

    def send(self, kind: str) -> set[str]:
        return self.modal(bpy.context, SimpleNamespace(type=kind, value="PRESS"))


@pytest.fixture
def job(scene, head, clicks, worker) -> generate.GenerationJob:
    """A generation that the worker has finished, and whose result is not written yet."""
    scenes.use_audio_file(scene, clicks([0.25]))
    job = generate.begin(bpy.context)
    job.task.wait()
    yield job
    job.end()


def job_operators() -> list[type[ModalJobOperator]]:
    return [cls for cls in bpy.types.Operator.__subclasses__() if issubclass(cls, ModalJobOperator)]


def check_nothing_is_left(operator: ModalOperator) -> None:
    state = bpy.context.window_manager.diface
    assert not state.running
    assert state.message.startswith("Internal error: ZeroDivisionError")
    assert running_job.current() is None
    assert operator._timer is None
    assert operator._job is None
    assert operator.reports == [({"ERROR"}, state.message)]


@pytest.mark.parametrize("method", ["write_result", "restart_if_stale", "wait"])
def test_exception_in_modal_leaves_nothing_behind(job, monkeypatch, method) -> None:
    operator = ModalOperator(job)
    monkeypatch.setattr(job, method, lambda *_args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        operator.send("TIMER")
    check_nothing_is_left(operator)
    assert generate.begin(bpy.context).task.wait()
    running_job.current().end()


def test_exception_while_polling_leaves_nothing_behind(job, monkeypatch) -> None:
    operator = ModalOperator(job)
    monkeypatch.setattr(job.task, "poll", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        operator.send("TIMER")
    check_nothing_is_left(operator)


def test_exception_while_ending_the_job_still_resets_the_panel(job, monkeypatch) -> None:
    operator = ModalOperator(job)
    with monkeypatch.context() as patch:
        patch.setattr(job, "end", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            operator.send("TIMER")
        assert not bpy.context.window_manager.diface.running
        assert operator._timer is None
    job.end()


def test_job_operators_have_nothing_for_adjust_last_operation() -> None:
    assert len(job_operators()) >= 8
    for cls in job_operators():
        assert cls.bl_options in ({"REGISTER", "UNDO"}, {"INTERNAL"}), cls.bl_idname
        rna = getattr(bpy.ops.diface, cls.bl_idname.removeprefix("diface.")).get_rna_type()
        shown = [prop.identifier for prop in rna.properties if not prop.is_hidden and prop.identifier != "rna_type"]
        assert not shown, cls.bl_idname


class Repeated(ModalJobOperator):
    """An operator that Blender runs again."""

    bl_idname = "diface.generate"

    def __init__(self, is_repeat: bool, is_repeat_last: bool) -> None:
        self.options = SimpleNamespace(is_repeat=is_repeat, is_repeat_last=is_repeat_last)
        self.calls: list[str] = []

    def run(self, _context: bpy.types.Context) -> str:
        self.calls.append("run")
        return ""

    def _start_again(self) -> None:
        self.calls.append("start again")


def test_repeated_operator_never_runs_with_the_interface_frozen(scene, monkeypatch) -> None:
    monkeypatch.setattr(modal_job.bpy, "app", SimpleNamespace(background=False))
    for is_repeat, is_repeat_last, calls in ((True, False, []), (False, True, ["start again"])):
        operator = Repeated(is_repeat, is_repeat_last)
        assert operator.execute(bpy.context) == {"CANCELLED"}
        assert operator.calls == calls


def test_every_operator_that_needs_the_worker_is_a_job_operator() -> None:
    names = {cls.bl_idname for cls in job_operators()}
    expected = {"generate", "regenerate", "in_between", "swap_keyframes", "personalise", "check_worker", "pin_sculpt"}
    assert {f"diface.{name}" for name in (*expected, "add_arkit_keys")} <= names


def test_opening_a_file_calls_all_load_handlers(scene) -> None:
    called = []

    @persistent
    def first(*_args: object) -> None:
        called.append("first")

    @persistent
    def second(*_args: object) -> None:
        called.append("second")

    bpy.app.handlers.load_pre.append(first)
    bpy.app.handlers.load_pre.append(second)
    try:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        assert called == ["first", "second"]
        assert modal_job._stop_on_load in bpy.app.handlers.load_pre
    finally:
        bpy.app.handlers.load_pre.remove(first)
        bpy.app.handlers.load_pre.remove(second)


def test_opening_a_file_without_a_job_keeps_the_message(scene) -> None:
    bpy.context.window_manager.diface.message = "A message"
    modal_job._stop_on_load()
    assert bpy.context.window_manager.diface.message == "A message"


def test_test_worker_runs_in_the_background(scene, worker) -> None:
    operator = ModalOperator(worker_test.begin(bpy.context))
    operator._result_message = lambda: check_worker.DIFACE_OT_check_worker._result_message(operator)
    assert operator.send("MOUSEMOVE") == {"PASS_THROUGH"}
    while (result := operator.send("TIMER")) == {"PASS_THROUGH"}:
        assert bpy.context.window_manager.diface.running
        time.sleep(0.01)
    assert result == {"FINISHED"}
    assert bpy.context.window_manager.diface.message.startswith("The worker is ready.\npython 3")
