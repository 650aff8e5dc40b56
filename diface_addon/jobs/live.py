"""Live: what the artist changes is answered in the motion around it, without being asked, while it is on.

Blender's handlers only note when something changed. A timer looks at it when the artist pauses, and has the worker
make the neighbourhood in a draft; what it makes is written once the artist is still. When nothing happens for a while
it is made again in full quality.
"""

from __future__ import annotations

import time

import bpy
from bpy.app.handlers import persistent

from ..core import errors
from ..scene.animation import busy
from ..settings import edit_settings
from ..worker import process
from . import live_session, worker_client
from .live_session import Asked, Session, Settings, Wanted

LOOK, SOON = 0.03, 0.01
"""Seconds between two looks, and while something is under way."""
PAUSE, QUIET = (0.02, 2), (0.08, 4)
"""Seconds, and looks, without a change from which on something is asked for, and from which on the artist is taken to
be still. Where a redraw takes longer than the seconds, Blender looks once between two steps of a drag."""
IDLE = 1.0
"""Seconds after a draft, without a change, until it is made again in full quality."""


class Live:
    """One session at work."""

    def __init__(self, context: bpy.types.Context) -> None:
        self.session = Session(context)
        self.changed = time.monotonic()
        """When the last change was."""
        self.compared = False
        """Whether that was looked at."""
        self.returned = False
        """Whether that was an undo or a redo."""
        self.answered: float | None = None
        """When the last draft was written."""
        self.times: dict[str, float] = {}
        """When the parts of the last answer were done, as time.monotonic() says."""
        self._clock: dict[str, float] = {}
        self._seen = Settings.of(context.scene)
        self._looks = 0
        self._job: process.Job | None = None
        self._wanted: Wanted | None = None
        self._asked: Asked | None = None
        self._refused: tuple[Wanted, Asked] | None = None

    def note(self, returned: bool = False) -> None:
        """Something in the scene changed."""
        self.changed, self.compared, self._looks = time.monotonic(), False, 0
        self.returned |= returned

    @property
    def waits(self) -> bool:
        """Whether something is under way."""
        return not self.compared or self._job is not None

    def _is_still(self, since: tuple[float, int]) -> bool:
        seconds, looks = since
        return time.monotonic() - self.changed >= seconds and self._looks >= looks

    def look(self, context: bpy.types.Context) -> None:
        """Do what is to be done now. Raises SceneError where Live cannot go on, WorkerError where nothing answers."""
        scene = context.scene
        if scene.session_uid != self.session.scene:
            if all(some.session_uid != self.session.scene for some in bpy.data.scenes):
                raise errors.SceneError("Live is off: its scene was deleted.", "Switch it on in another one.")
            return
        self._looks += 1
        if self._job:
            self._job.poll()
        if (settings := Settings.of(scene)) != self._seen:
            self._seen = settings
            self.note()
        if busy.is_busy(context.window_manager) or current.current() is not None:
            return
        obj = self.session.character()
        if not self.compared:
            if not self._is_still(PAUSE):
                return
            self._compare(scene, obj)
        if self._job:
            if self._job.state != "running" and self._is_still(QUIET):
                self._finish(scene, obj)
        elif self._wanted and not process.shared_worker().busy:
            self._send(scene, obj)
        elif self.answered is not None and time.monotonic() - self.answered >= IDLE:
            self.answered, self._wanted = None, self.session.again()

    def _compare(self, scene: bpy.types.Scene, obj: bpy.types.Object) -> None:
        self._clock = {"changed": self.changed, "paused": time.monotonic()}
        self.compared = True
        if self.returned:
            self._drop()  # it was asked for another state
            self.session.returned(obj)
            self.returned, self.answered = False, None
        found = self.session.changes(scene, obj)
        if found is not None:
            self._take(found, scene)
        elif self._wanted and not self._wanted.final:
            self._drop()  # it was taken back
        self._clock["compared"] = time.monotonic()

    def _take(self, found: Wanted, scene: bpy.types.Scene) -> None:
        """Ask for what is found, unless just that is on its way, or was refused."""
        if self._refused and self._refused[0] == found and self.session.is_same(scene, self._refused[1]):
            return
        self._refused = self.answered = None
        if found == self._wanted and self._asked and self.session.is_same(scene, self._asked):
            return
        self._drop()
        self._wanted = found

    def _drop(self) -> None:
        if self._job:
            self._job.cancel()
        self._job = self._asked = self._wanted = None

    def _send(self, scene: bpy.types.Scene, obj: bpy.types.Object) -> None:
        asked = self.session.ask(scene, obj, self._wanted)
        if asked is None:
            self.session.settle(scene, obj)
            self._wanted = None
            return
        self._asked, self._job = asked, worker_client.submit(asked.request, gives_way=True)
        self._clock["sent"] = time.monotonic()

    def _finish(self, scene: bpy.types.Scene, obj: bpy.types.Object) -> None:
        job, asked, wanted = self._job, self._asked, self._wanted
        self._job = self._asked = None
        if job.state == "cancelled":
            return  # something else came first: it is asked for again
        self._wanted = None
        if job.result is None:
            self._refused = wanted, asked
            _say(f"Live: {job.error}")
            return
        self._clock["made"] = time.monotonic()
        self.session.write(scene, obj, asked, wanted, job.result)
        self.times = {**self._clock, "written": time.monotonic()}
        self.answered = None if wanted.final else time.monotonic()
        _redraw()

    def close(self) -> None:
        """Stop what runs."""
        self._drop()
        self.session.close()


_live: Live | None = None


def current() -> Live | None:
    """What is at work, while Live is on."""
    return _live


def switch(context: bpy.types.Context) -> None:
    """The artist has pressed the switch of the context's scene."""
    off()
    settings = context.scene.diface.edit
    if not settings.live:
        return
    try:
        live_session.begin_copy(context)
        _begin(context)
    except errors.DifaceError as error:
        settings.property_unset("live")
        _say(str(error))


def off(message: str = "") -> None:
    """End Live, wherever it is on."""
    global _live
    if _live is not None:
        _live.close()
        _live = None
    if _note in bpy.app.handlers.depsgraph_update_post:
        bpy.app.handlers.depsgraph_update_post.remove(_note)
    if bpy.app.timers.is_registered(tick):
        bpy.app.timers.unregister(tick)
    if message:
        for scene in bpy.data.scenes:
            scene.diface.edit.property_unset("live")
        _say(message)


def _begin(context: bpy.types.Context) -> None:
    global _live
    _live = Live(context)
    bpy.app.handlers.depsgraph_update_post.append(_note)
    bpy.app.timers.register(tick, first_interval=LOOK, persistent=True)
    _say("")


def tick() -> float | None:
    """One look, of Blender's timer: how long until the next."""
    if _live is None:
        return None
    try:
        scene = bpy.context.scene
        if scene.session_uid == _live.session.scene and not scene.diface.edit.live:
            off()  # an undo went back to before it was on
            return None
        _live.look(bpy.context)
    except errors.DifaceError as error:
        off(str(error))
        return None
    except BaseException:
        off("Live is off: DiFACE made a mistake. See the system console.")
        raise
    return SOON if _live.waits else LOOK


def _say(message: str) -> None:
    bpy.context.window_manager.diface.message = message


def _redraw() -> None:
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in {"VIEW_3D", "GRAPH_EDITOR", "DOPESHEET_EDITOR"}:
                area.tag_redraw()


@persistent
def _note(*_args: object) -> None:
    if _live is not None:
        _live.note()


@persistent
def _returned(*_args: object) -> None:
    """Undo and redo: data came back, the switch perhaps as well."""
    scene = bpy.context.scene
    if _live is not None:
        _live.note(returned=True)
    elif scene and scene.diface.edit.live:
        try:
            _begin(bpy.context)
        except errors.DifaceError as error:
            off(str(error))


@persistent
def _loaded(*_args: object) -> None:
    """Another file: Live is off in it, however it was saved."""
    off()
    for scene in bpy.data.scenes:
        scene.diface.edit.property_unset("live")


HANDLERS = {"undo_post": _returned, "redo_post": _returned, "load_post": _loaded}


def register() -> None:
    edit_settings.set_live_callback(switch)
    for name, handler in HANDLERS.items():
        getattr(bpy.app.handlers, name).append(handler)


def unregister() -> None:
    off()
    edit_settings.set_live_callback(None)
    for name, handler in HANDLERS.items():
        getattr(bpy.app.handlers, name).remove(handler)
