"""Live: regenerate the motion around every change, while it is switched on.

Handlers only record that something changed. When the user pauses, a timer compares the scene with the last state and
sends the segment around the change to the worker as a draft. The result is written when the user does nothing. Some
time later the segment is regenerated in full quality.
"""

from __future__ import annotations

import time

import bpy
from bpy.app.handlers import persistent

from ...core import errors
from ...scene.animation import busy
from ...settings import edit_settings, messages
from ...worker import process
from .. import running_job, worker_client
from . import live_request, live_session

IDLE_INTERVAL, BUSY_INTERVAL = 0.03, 0.005
"""Seconds between two steps of the timer: idle, and while a change or a task is pending."""
COMPARE_AFTER, SEND_AFTER, WRITE_AFTER = (0.01, 2), (0.02, 3), (0.045, 4)
"""Seconds, and timer steps, without a change before the scene is compared, a request sent, and a result written. If a
redraw takes longer than the seconds, the timer runs once between two steps of a drag. Drags of keys and bones are
operators, which are recognised (`busy`); these times are for drags of fields."""
REFINE_AFTER = 1.0
"""Seconds after a draft, without a change, until it is regenerated in full quality."""


class LiveEditor:
    """The running Live session, advanced by the timer."""

    def __init__(self, context: bpy.types.Context) -> None:
        self.session = live_session.LiveSession(context)
        self.changed_at = time.monotonic()
        """Time of the last change."""
        self.is_compared = False
        """Whether the scene was compared since the last change."""
        self.is_undo_pending = False
        """Whether an undo or redo has happened since the last comparison."""
        self.draft_written_at: float | None = None
        """Time at which the last draft was written."""
        self.timings: dict[str, float] = {}
        """Times of the steps of the last update, by time.monotonic()."""
        self._new_timings: dict[str, float] = {}
        self._last_settings = self.session.settings(context.scene)
        self._steps_since_change = 0
        self._task: process.WorkerTask | None = None
        self._regeneration: live_request.Regeneration | None = None
        self._live_request: live_request.LiveRequest | None = None
        self._failed_request: tuple[live_request.Regeneration, live_request.LiveRequest] | None = None

    def mark_changed(self, by_undo: bool = False) -> None:
        """Record that the scene changed."""
        self.changed_at, self.is_compared, self._steps_since_change = time.monotonic(), False, 0
        self.is_undo_pending |= by_undo

    @property
    def has_work(self) -> bool:
        """Whether a change or a task is pending."""
        is_waiting = self._regeneration is not None and not self._is_still(SEND_AFTER)
        return not self.is_compared or self._task is not None or is_waiting

    @property
    def is_updating(self) -> bool:
        """Whether the worker is regenerating a change."""
        return self._task is not None

    def _is_still(self, threshold: tuple[float, int]) -> bool:
        seconds, steps = threshold
        return time.monotonic() - self.changed_at >= seconds and self._steps_since_change >= steps

    def step(self, context: bpy.types.Context) -> None:
        """Advance the session: compare, send a request, or write a result.

        Raises:
            SceneError: Live cannot continue with this scene.
            WorkerError: The worker cannot be started.
        """
        scene = context.scene
        if scene.session_uid != self.session.scene_uid:
            if all(some.session_uid != self.session.scene_uid for some in bpy.data.scenes):
                raise errors.SceneError("Live is off: its scene was deleted.", "Switch it on in another one.")
            return
        self._steps_since_change += 1
        if self._task:
            self._task.poll()
        if (settings := self.session.settings(scene)) != self._last_settings:
            self._last_settings = settings
            self.mark_changed()
        if busy.is_busy(context.window_manager) or running_job.current() is not None:
            return
        obj = self.session.find_character()
        if not self.is_compared:
            if not self._is_still(COMPARE_AFTER):
                return
            self._compare(scene, obj)
        if self._task:
            if self._task.state != "running" and self._is_still(WRITE_AFTER):
                self._finish(scene, obj)
        elif self._regeneration and not process.shared_worker().busy:
            if self._is_still(SEND_AFTER):
                self._send(scene, obj)
        elif self.draft_written_at is not None and time.monotonic() - self.draft_written_at >= REFINE_AFTER:
            self.draft_written_at, self._regeneration = None, self.session.refinement()

    def _compare(self, scene: bpy.types.Scene, obj: bpy.types.Object) -> None:
        self._new_timings = {"changed": self.changed_at, "paused": time.monotonic()}
        self.is_compared = True
        if self.is_undo_pending:
            self._cancel()  # it was for another state
            self.session.reset_pins(obj)
            self.is_undo_pending, self.draft_written_at = False, None
        regeneration = self.session.find_changes(scene, obj)
        if regeneration is not None:
            self._schedule(regeneration, scene)
        elif self._regeneration and not self._regeneration.final:
            self._cancel()  # the change was undone
        self._new_timings["compared"] = time.monotonic()

    def _schedule(self, regeneration: live_request.Regeneration, scene: bpy.types.Scene) -> None:
        """Schedule a regeneration, unless the same one is running or has failed."""
        if (
            self._failed_request
            and self._failed_request[0] == regeneration
            and self.session.is_current(scene, self._failed_request[1])
        ):
            return
        self._failed_request = self.draft_written_at = None
        if (
            regeneration == self._regeneration
            and self._live_request
            and self.session.is_current(scene, self._live_request)
        ):
            return
        self._cancel()
        self._regeneration = regeneration

    def _cancel(self) -> None:
        if self._task:
            self._task.cancel()
        self._task = self._live_request = self._regeneration = None

    def _send(self, scene: bpy.types.Scene, obj: bpy.types.Object) -> None:
        live_request = self.session.build_request(scene, obj, self._regeneration)
        if live_request is None:
            self.session.ignore_changes(scene, obj)
            self._regeneration = None
            return
        self._live_request = live_request
        self._task = worker_client.submit(live_request.request, preemptible=True)
        self._new_timings["sent"] = time.monotonic()

    def _finish(self, scene: bpy.types.Scene, obj: bpy.types.Object) -> None:
        task, live_request, regeneration = self._task, self._live_request, self._regeneration
        self._task = self._live_request = None
        if task.state == "cancelled":
            return  # another request preempted it: it is sent again
        self._regeneration = None
        assert live_request is not None
        assert regeneration is not None
        if task.result is None:
            self._failed_request = regeneration, live_request
            _show_message(f"Live: {task.error}")
            return
        self._new_timings["made"] = time.monotonic()
        self.session.write(scene, obj, live_request, regeneration, task.result)
        self.timings = {**self._new_timings, "written": time.monotonic()}
        self.draft_written_at = None if regeneration.final else time.monotonic()
        _redraw_editors()

    def close(self) -> None:
        """Cancel the running task, and end the session."""
        self._cancel()
        self.session.close()


_live: LiveEditor | None = None


def current() -> LiveEditor | None:
    """Return the running session; None if Live is off."""
    return _live


def apply_setting(context: bpy.types.Context) -> None:
    """Switch Live on or off, as the setting of the context's scene says."""
    stop()
    settings = context.scene.diface.edit
    if not settings.live:
        return
    try:
        live_session.create_working_copy(context)
        _start(context)
    except errors.DifaceError as error:
        settings.property_unset("live")
        _show_message(str(error))


def stop(message: str = "") -> None:
    """Switch Live off. A message is shown in the panel, and resets the setting of every scene."""
    global _live
    if _live is not None:
        _live.close()
        _live = None
    if _on_depsgraph_update in bpy.app.handlers.depsgraph_update_post:
        bpy.app.handlers.depsgraph_update_post.remove(_on_depsgraph_update)
    if bpy.app.timers.is_registered(tick):
        bpy.app.timers.unregister(tick)
    if message:
        for scene in bpy.data.scenes:
            scene.diface.edit.property_unset("live")
        _show_message(message)


def _start(context: bpy.types.Context) -> None:
    global _live
    _live = LiveEditor(context)
    bpy.app.handlers.depsgraph_update_post.append(_on_depsgraph_update)
    _schedule_step(IDLE_INTERVAL)
    _show_message("")


def _schedule_step(seconds: float) -> None:
    """Let the timer's next step be in some seconds."""
    if bpy.app.timers.is_registered(tick):
        bpy.app.timers.unregister(tick)
    bpy.app.timers.register(tick, first_interval=seconds, persistent=True)


def tick() -> float | None:
    """Advance the session. Called by Blender's timer; returns the seconds until the next call."""
    if _live is None:
        return None
    try:
        scene = bpy.context.scene
        if scene.session_uid == _live.session.scene_uid and not scene.diface.edit.live:
            stop()  # an undo restored the state before it was switched on
            return None
        was_updating = _live.is_updating
        _live.step(bpy.context)
        if _live.is_updating != was_updating:
            _redraw_sidebars()
    except errors.DifaceError as error:
        stop(str(error))
        return None
    except BaseException:
        stop("Live is off: internal error. See the system console.")
        raise
    return BUSY_INTERVAL if _live.has_work else IDLE_INTERVAL


def _show_message(message: str) -> None:
    messages.show(bpy.context, "edit", message)


def _redraw_sidebars() -> None:
    """Show in the panels whether Live is updating."""
    for window in bpy.context.window_manager.windows:
        for region in (region for area in window.screen.areas for region in area.regions):
            if region.type == "UI":
                region.tag_redraw()


def _redraw_editors() -> None:
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in {"VIEW_3D", "GRAPH_EDITOR", "DOPESHEET_EDITOR"}:
                area.tag_redraw()


@persistent
def _on_depsgraph_update(*_args: object) -> None:
    if _live is not None:
        was_idle = not _live.has_work
        _live.mark_changed()
        if was_idle:
            _schedule_step(BUSY_INTERVAL)


@persistent
def _on_undo(*_args: object) -> None:
    """Continue after Undo or Redo, which may also have restored the setting."""
    scene = bpy.context.scene
    if _live is not None:
        _live.mark_changed(by_undo=True)
    elif scene and scene.diface.edit.live:
        try:
            _start(bpy.context)
        except errors.DifaceError as error:
            stop(str(error))


@persistent
def _on_load(*_args: object) -> None:
    """Switch Live off in a file that was opened, even if it was on when saved."""
    stop()
    for scene in bpy.data.scenes:
        scene.diface.edit.property_unset("live")


HANDLERS = {"undo_post": _on_undo, "redo_post": _on_undo, "load_post": _on_load}


def register() -> None:
    edit_settings.set_live_callback(apply_setting)
    for name, handler in HANDLERS.items():
        getattr(bpy.app.handlers, name).append(handler)


def unregister() -> None:
    stop()
    edit_settings.set_live_callback(None)
    for name, handler in HANDLERS.items():
        getattr(bpy.app.handlers, name).remove(handler)
