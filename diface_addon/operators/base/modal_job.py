"""What operators share that generate: in the background where Blender has a window, one take or several in a row."""

from __future__ import annotations

import bpy
from bpy.app.handlers import persistent

from ...core import errors, types
from ...jobs import running_job
from ...scene.takes import write_take
from .operator_base import OperatorBase, redraw

POLL_INTERVAL = 0.1
"""Seconds between two looks at the running job."""


class ModalJobOperator(OperatorBase):
    """Mix-in for operators that generate: implement `begin`, and `begin_next` where more than one take is made."""

    _job: running_job.RunningJob | None = None
    _result_names: tuple[str, ...] = ()
    _notes: tuple[str, ...] = ()

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        """Send the request to the worker. Raises DifaceError, with nothing changed."""
        raise NotImplementedError

    def begin_next(self, previous: running_job.RunningJob) -> running_job.RunningJob | None:
        """Begin what comes after a generation whose take is written, and that has not ended; None where it was all."""
        return None

    def handle_escape(self, job: running_job.RunningJob) -> None:
        """Esc was pressed."""
        job.task.cancel()

    def displayed_progress(self, progress: types.Progress) -> types.Progress:
        """What is shown of the running one's progress."""
        return progress

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if context.window is None or bpy.app.background:
            return self.execute(context)
        try:
            running = self.begin(context)
        except errors.DifaceError as error:
            return self.report_error(error)
        self.watch(context, running)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def watch(self, context: bpy.types.Context, job: running_job.RunningJob) -> None:
        """Have `modal` look at `running` now and then, and the panels show it."""
        self._job = job
        _show_progress(context, self.displayed_progress(types.Progress(0.0, "Starting")))
        bpy.app.handlers.load_pre.append(_stop_on_load)
        self._timer = context.window_manager.event_timer_add(POLL_INTERVAL, window=context.window)

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        job = self._job.task
        stopping = event.type == "ESC" and event.value == "PRESS" and job.state == "running"
        if stopping:
            self.handle_escape(self._job)
        elif event.type != "TIMER":
            return {"PASS_THROUGH"}
        events = job.poll()
        if job.state != "running":
            return self._finish(context)
        if events or stopping:
            _show_progress(context, self.displayed_progress(job.progress))
        return {"RUNNING_MODAL"} if stopping else {"PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender takes the operator away, as when another file is opened (`_stop_on_load` has said so)."""
        self._clean_up(context, context.window_manager.diface.message)

    def run(self, _context: bpy.types.Context) -> str:
        self._job = self.begin(bpy.context)
        while self._job:
            try:
                self._advance()
            except errors.DifaceError as error:
                if not self._result_names:
                    raise
                return f"{self._result_message()} Then: {error}"
        return self._result_message()

    def _finish(self, context: bpy.types.Context) -> set[str]:
        try:
            if running_job.current() is not self._job:
                raise errors.Cancelled
            made = len(self._result_names)
            self._advance()
        except errors.DifaceError as error:
            return self._finish_failed(context, error)
        if self._job:
            if len(self._result_names) > made:
                bpy.ops.ed.undo_push(message=self.bl_label)  # a step back then loses one take and not all
            _show_progress(context, self.displayed_progress(types.Progress(0.0, "Starting")))
            return {"PASS_THROUGH"}
        self._clean_up(context, self._result_message())
        self.report({"INFO"}, self._result_message())
        redraw(context)
        return {"FINISHED"}

    def _finish_failed(self, context: bpy.types.Context, error: errors.DifaceError) -> set[str]:
        cancelled = isinstance(error, errors.Cancelled)
        if self._result_names and cancelled:
            self._clean_up(context, self._result_message())
            self.report({"INFO"}, self._result_message())
            return {"CANCELLED"}
        self._clean_up(context, "" if cancelled else str(error))
        return self.report_error(error)

    def _advance(self) -> None:
        """Wait for the running one's end, write its take, and have the next one running, if there is one; or the same
        once more, where it was overtaken by what the artist did meanwhile."""
        running = self._job
        try:
            running.task.wait()
            if restarted := running.restart_if_stale(bpy.context):
                self._job = restarted
                return
            take: write_take.TakeResult = running.write_result()
            self._result_names += (take.name,)
            self._notes += tuple(note for note in take.notes if note not in self._notes)
            self._job = self.begin_next(running)
        finally:
            running.end()

    def _result_message(self) -> str:
        many = "s" if len(self._result_names) > 1 else ""
        return " ".join([f"New take{many}: {', '.join(self._result_names)}.", *self._notes])

    def _clean_up(self, context: bpy.types.Context, message: str = "") -> None:
        if self._job:
            self._job.end()
        if _stop_on_load in bpy.app.handlers.load_pre:
            bpy.app.handlers.load_pre.remove(_stop_on_load)
        context.window_manager.event_timer_remove(self._timer)
        _show_progress(context, None, message)


def _show_progress(context: bpy.types.Context, progress: types.Progress | None, message: str = "") -> None:
    """Have the panels and the status bar show how far it is; None and a last message at the end."""
    state = context.window_manager.diface
    state.running = progress is not None
    state.message = message
    if progress:
        state.fraction = progress.fraction
        left = f", {progress.seconds_left:.0f} s left" if progress.seconds_left is not None else ""
        state.stage = progress.stage + left
    if context.workspace:
        context.workspace.status_text_set(f"DiFACE: {state.stage}. Esc: Cancel" if progress else None)
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            for region in area.regions:
                if area.type in {"VIEW_3D", "SEQUENCE_EDITOR"} and region.type == "UI":
                    region.tag_redraw()  # the sidebar only: the 3D view takes longer to draw


@persistent
def _stop_on_load(*_args: object) -> None:
    """Another file is being opened: what runs belongs to this one."""
    if running := running_job.current():
        running.end()
    bpy.app.handlers.load_pre.remove(_stop_on_load)
    _show_progress(bpy.context, None, "Generate was stopped, as another file was opened.")


def register() -> None:
    pass


def unregister() -> None:
    if _stop_on_load in bpy.app.handlers.load_pre:
        bpy.app.handlers.load_pre.remove(_stop_on_load)
