"""Base class of operators that wait for the worker: in the background if Blender has a window, else synchronously."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator

import bpy
from bpy.app.handlers import persistent

from ...core import errors, types
from ...jobs import running_job
from ...settings import messages
from .operator_base import OperatorBase, redraw

POLL_INTERVAL = 0.1
"""Seconds between two polls of the running job."""
CONFIRM_CANCEL_SECONDS = 30.0
"""A job that has run longer than this is cancelled only when Esc or Cancel is pressed twice."""

PROGRESS_REGIONS = {
    "VIEW_3D": "UI",
    "SEQUENCE_EDITOR": "UI",
    "GRAPH_EDITOR": "UI",
    "DOPESHEET_EDITOR": "UI",
    "PREFERENCES": "WINDOW",
}
"""Editor -> the region that shows progress. Only these are redrawn: a 3D view takes longer than its sidebar."""


class ModalJobOperator(OperatorBase):
    """Mix-in for operators that run a job.

    Implement `begin`, and `begin_next` if one press runs several jobs. An operator that is one undo step also needs
    REGISTER: with UNDO alone, Adjust Last Operation would offer the operator before it, and adjusting that one would
    undo the result for good. All properties must be HIDDEN, so that there is nothing to adjust.
    """

    _job: running_job.RunningJob | None = None
    _timer: bpy.types.Timer | None = None
    _result_names: tuple[str, ...] = ()
    _notes: tuple[str, ...] = ()
    _started = 0.0
    _is_cancel_confirmed = False

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        """Send the request to the worker. Raises DifaceError, with nothing changed."""
        raise NotImplementedError

    def begin_next(self, previous: running_job.RunningJob) -> running_job.RunningJob | None:
        """Begin the job after `previous`, whose result is written; None if it was the last."""
        return None

    def begin_after_failure(
        self, failed: running_job.RunningJob, error: errors.DifaceError
    ) -> running_job.RunningJob | None:
        """Begin the job after one that failed, None if it was the last. Raises `error` if that is the end."""
        raise error

    def handle_escape(self, job: running_job.RunningJob) -> None:
        """Cancel the job: Esc or Cancel was pressed. A job that has run long is cancelled at the second press."""
        if self._is_cancel_confirmed or time.monotonic() - self._started < CONFIRM_CANCEL_SECONDS:
            job.task.cancel()
        self._is_cancel_confirmed = True

    def cancel_hint(self) -> str:
        """Return what panels and the status bar say about Esc."""
        return "Press Esc or Cancel again to stop" if self._is_cancel_confirmed else "Esc: Cancel"

    def displayed_progress(self, progress: types.Progress) -> types.Progress:
        """Return what panels show for the progress of the running job."""
        return progress

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if context.window is None or bpy.app.background:
            return self.execute(context)
        try:
            job = self.begin(context)
        except errors.DifaceError as error:
            return self.report_error(error)
        with self._cleaning_up_on_bugs(context):
            self.watch(context, job)
            context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        if self.options.is_repeat:  # Adjust Last Operation, Repeat History: cancelling keeps the result
            return {"CANCELLED"}
        if self.options.is_repeat_last and not bpy.app.background:  # Repeat Last
            self._start_again()
            return {"CANCELLED"}
        return super().execute(context)

    def _start_again(self) -> None:
        """Start another operator like this one in the background."""
        group, name = type(self).bl_idname.split(".")
        getattr(getattr(bpy.ops, group), name)("INVOKE_DEFAULT", **self.as_keywords())

    def watch(self, context: bpy.types.Context, job: running_job.RunningJob) -> None:
        """Poll `job` in `modal` from now on, and show its progress."""
        self._job, self._started = job, time.monotonic()
        context.window_manager.diface.topic = self.topic()
        self._show_progress(context, types.Progress(0.0, "Starting"))
        self._timer = context.window_manager.event_timer_add(POLL_INTERVAL, window=context.window)

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        with self._cleaning_up_on_bugs(context):
            return self._handle_event(context, event)

    def cancel(self, context: bpy.types.Context) -> None:
        """Clean up after Blender removed the operator, as when a file is opened; `_stop_on_load` set the message."""
        self._clean_up(context, context.window_manager.diface.message)

    def run(self, context: bpy.types.Context) -> str:
        self._job = self.begin(bpy.context)
        while self._job:
            try:
                self._advance()
            except errors.DifaceError as error:
                if not self._result_names:
                    raise
                return f"{self._result_message()} Then: {error}"
        return self._result_message()

    @contextlib.contextmanager
    def _cleaning_up_on_bugs(self, context: bpy.types.Context) -> Generator[None]:
        """Clean up if the block raises: Blender removes an operator whose `modal` raises without calling `cancel`."""
        try:
            yield
        except BaseException as bug:
            message = f"Internal error: {type(bug).__name__}: {bug}. The system console shows details."
            self._clean_up(context, message)
            self.notify(message, is_error=True)
            raise

    def _handle_event(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        task = self._job.task
        stopping = event.type == "ESC" and event.value == "PRESS" and task.state == "running"
        if stopping or (event.type == "TIMER" and self._job.take_cancel_request()):
            self.handle_escape(self._job)
            self._show_progress(context, task.progress)
        elif event.type != "TIMER":
            return {"PASS_THROUGH"}
        events = task.poll()
        if task.state != "running":
            return self._finish(context)
        if events:
            self._show_progress(context, task.progress)
        return {"RUNNING_MODAL"} if stopping else {"PASS_THROUGH"}

    def _finish(self, context: bpy.types.Context) -> set[str]:
        try:
            if running_job.current() is not self._job:
                raise errors.Cancelled
            results_before = len(self._result_names)
            self._advance()
        except errors.DifaceError as error:
            return self._finish_failed(context, error)
        if self._job:
            if len(self._result_names) > results_before:
                bpy.ops.ed.undo_push(message=self.bl_label)  # so that one undo removes one result, not all
            self._show_progress(context, types.Progress(0.0, "Starting"))
            return {"PASS_THROUGH"}
        self._clean_up(context, self._result_message())
        self.notify(self._result_message())
        redraw(context)
        return {"FINISHED"}

    def _finish_failed(self, context: bpy.types.Context, error: errors.DifaceError) -> set[str]:
        cancelled = isinstance(error, errors.Cancelled)
        if self._result_names and cancelled:
            self._clean_up(context, self._result_message())
            self.notify(self._result_message())
            return {"CANCELLED"}
        self._clean_up(context, "" if cancelled else str(error))
        return self.report_error(error)

    def _advance(self) -> None:
        """Wait for the running job, write its result, and begin the next one; or restart it if its input changed."""
        running = self._job
        try:
            running.wait()
            if restarted := running.restart_if_stale(bpy.context):
                self._job = restarted
                return
            result = running.write_result()
            self._result_names += (result.name,)
            self._notes += tuple(note for note in result.notes if note not in self._notes)
            self._job = self.begin_next(running)
        except errors.DifaceError as error:
            self._job = self.begin_after_failure(running, error)
        finally:
            running.end()

    def _result_message(self) -> str:
        plural = "s" if len(self._result_names) > 1 else ""
        return "\n".join([f"New take{plural}: {', '.join(self._result_names)}.", *self._notes])

    def _clean_up(self, context: bpy.types.Context, message: str = "") -> None:
        """End the job, the timer and the progress display; each, even if another one raises."""
        job, timer, self._job, self._timer = self._job, self._timer, None, None
        with contextlib.ExitStack() as stack:
            stack.callback(_show_end, context, message)
            if timer is not None:
                stack.callback(context.window_manager.event_timer_remove, timer)
            if job is not None:
                stack.callback(job.end)

    def _show_progress(self, context: bpy.types.Context, progress: types.Progress) -> None:
        """Show the progress, and what Esc does, in panels and the status bar."""
        state, shown = context.window_manager.diface, self.displayed_progress(progress)
        left = f", {shown.seconds_left:.0f} s left" if shown.seconds_left is not None else ""
        state.running, state.fraction, state.stage = True, shown.fraction, shown.stage + left
        state.cancel_hint = self.cancel_hint()
        messages.show(context, state.topic, "")
        _redraw_progress(context, f"DiFACE: {state.stage}. {state.cancel_hint}")


def _show_end(context: bpy.types.Context, message: str) -> None:
    """Show the last message of a job instead of its progress."""
    state = context.window_manager.diface
    state.running = False
    messages.show(context, state.topic, message)
    _redraw_progress(context, None)


def _redraw_progress(context: bpy.types.Context, status: str | None) -> None:
    """Set the text of the status bar, None for Blender's, and redraw the panels that show progress."""
    if context.workspace:
        context.workspace.status_text_set(status)
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            for region in area.regions:
                if region.type == PROGRESS_REGIONS.get(area.type):
                    region.tag_redraw()


@persistent
def _stop_on_load(*_args: object) -> None:
    """Cancel the running job: it belongs to the file that is being closed."""
    running = running_job.current()
    if running is None:
        return
    running.end()
    _show_end(bpy.context, "DiFACE stopped working because another file was opened.")


def register() -> None:
    bpy.app.handlers.load_pre.append(_stop_on_load)


def unregister() -> None:
    bpy.app.handlers.load_pre.remove(_stop_on_load)
