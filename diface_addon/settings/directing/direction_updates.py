"""Applies articulation and mood again after their F-curves were changed, for which Blender calls no setting.

A handler only records what changed; a timer, which runs in Blender with a window, applies it when the user pauses.
"""

from __future__ import annotations

import bpy
from bpy.app.handlers import persistent

from ... import compat
from ...scene.animation import busy
from . import direction_settings

DELAY = 0.1
"""Seconds after a change until it is applied."""

_changed: set[int] = set()


@persistent
def _on_depsgraph_update(_scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> None:
    for update in depsgraph.updates:
        action = update.id.original
        if isinstance(action, bpy.types.Action) and _animates_settings(action):
            _changed.add(action.session_uid)
    if _changed and not bpy.app.background and not bpy.app.timers.is_registered(apply_changes):
        bpy.app.timers.register(apply_changes, first_interval=DELAY)


def apply_changes() -> float | None:
    """Apply what changed. Returns the seconds until the next try while the user is dragging; None when done."""
    if busy.is_busy(bpy.context.window_manager):
        return DELAY
    for obj in bpy.context.scene.objects:
        animation = obj.animation_data
        if animation and animation.action and animation.action.session_uid in _changed:
            direction_settings.refresh(obj)
    _changed.clear()
    return None


def _animates_settings(action: bpy.types.Action) -> bool:
    settings = (direction_settings.ARTICULATION, direction_settings.MOOD)
    return any(path.startswith(settings) for (_kind, path, _index), _curve in compat.action_fcurves(action))


def register() -> None:
    bpy.app.handlers.depsgraph_update_post.append(_on_depsgraph_update)


def unregister() -> None:
    bpy.app.handlers.depsgraph_update_post.remove(_on_depsgraph_update)
    if bpy.app.timers.is_registered(apply_changes):
        bpy.app.timers.unregister(apply_changes)
    _changed.clear()
