"""Gives a character separate settings as soon as a panel shows them: what the user sets there is for this one."""

from __future__ import annotations

import bpy

from ...scene.animation import character_checks
from ...settings import performance, scene_settings

_waiting: set[tuple[int, int]] = set()
"""Identifiers of the scenes and of the characters in them that have no settings yet."""


def schedule_if_needed(context: bpy.types.Context) -> None:
    """Give the active character settings soon if it has none. Panels call it while they draw, when no data may change.

    Without a window nothing is shown: operators and scripts that change a setting give them.
    """
    obj = scene_settings.character(context)
    if bpy.app.background or not performance.needs_own(obj):
        return
    _waiting.add((context.scene.session_uid, obj.session_uid))
    if not bpy.app.timers.is_registered(give_waiting):
        bpy.app.timers.register(give_waiting, first_interval=0.0)


def give_waiting() -> None:
    """Give the characters that were drawn separate settings, and show those."""
    scenes = {scene.session_uid: scene for scene in bpy.data.scenes}
    while _waiting:
        scene_uid, obj_uid = _waiting.pop()
        if scene_uid in scenes:
            performance.give_own(character_checks.find_by_uid(obj_uid), scenes[scene_uid])
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            area.tag_redraw()


def register() -> None:
    pass


def unregister() -> None:
    _waiting.clear()
    if bpy.app.timers.is_registered(give_waiting):
        bpy.app.timers.unregister(give_waiting)
