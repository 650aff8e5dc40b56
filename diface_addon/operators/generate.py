"""Generate: speech to a new take, in the background where Blender has a window."""

from __future__ import annotations

import bpy
from bpy.app.handlers import persistent

from .. import generation
from ..core import errors, types
from .verb import Verb

INTERVAL = 0.1
"""Seconds between two looks at the running job."""


class DIFACE_OT_generate(Verb, bpy.types.Operator):
    """Animate the character's face and head to the speech, as a new Action"""

    bl_idname = "diface.generate"
    bl_label = "Generate"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        generation.check(context)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if context.window is None or bpy.app.background:
            return self.execute(context)
        try:
            generation.begin(context)
        except errors.DifaceError as error:
            return self.failed(error)
        _show(context, types.Progress(0.0, "Starting"))
        bpy.app.handlers.load_pre.append(_stop_on_load)
        self._timer = context.window_manager.event_timer_add(INTERVAL, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        running = generation.current()
        if running and event.type == "ESC" and event.value == "PRESS":
            running.job.cancel()
        elif event.type != "TIMER":
            return {"PASS_THROUGH"}
        if running:
            events = running.job.poll()
            if running.job.state == "running":
                if events:
                    _show(context, running.job.progress)
                return {"PASS_THROUGH"}
        return self._finish(context)

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender takes the operator away, as when another file is opened (`_stop_on_load` has said so)."""
        self._leave(context, context.window_manager.diface.message)

    def run(self, _context: bpy.types.Context) -> str:
        running = generation.begin(bpy.context)
        return _written(running)

    def _finish(self, context: bpy.types.Context) -> set[str]:
        running = generation.current()
        try:
            if running is None:
                raise errors.Cancelled
            said = _written(running)
        except errors.DifaceError as error:
            self._leave(context, "" if isinstance(error, errors.Cancelled) else str(error))
            return self.failed(error)
        self._leave(context, said)
        self.report({"INFO"}, said)
        return {"FINISHED"}

    def _leave(self, context: bpy.types.Context, message: str = "") -> None:
        if running := generation.current():
            running.end()
        if _stop_on_load in bpy.app.handlers.load_pre:
            bpy.app.handlers.load_pre.remove(_stop_on_load)
        context.window_manager.event_timer_remove(self._timer)
        _show(context, None, message)


def _written(running: generation.Generation) -> str:
    """Wait for the end, write the take, and say so."""
    try:
        take = running.write()
    finally:
        running.end()
    return " ".join([f"New take: {take.name}.", *take.notes])


def _show(context: bpy.types.Context, progress: types.Progress | None, message: str = "") -> None:
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
    if running := generation.current():
        running.end()
    bpy.app.handlers.load_pre.remove(_stop_on_load)
    _show(bpy.context, None, "Generate was stopped, as another file was opened.")


def register() -> None:
    bpy.utils.register_class(DIFACE_OT_generate)


def unregister() -> None:
    if _stop_on_load in bpy.app.handlers.load_pre:
        bpy.app.handlers.load_pre.remove(_stop_on_load)
    bpy.utils.unregister_class(DIFACE_OT_generate)
