"""Directs takes again after something changed for which Blender calls no setting.

That is an F-curve of the settings, or where the target of a gaze or the body of the character is. A handler only
records what changed; a timer, which runs in Blender with a window, applies it when the user pauses.
"""

from __future__ import annotations

import bpy
from bpy.app.handlers import persistent

from ... import compat
from ...scene.animation import busy
from ...scene.directing.gaze import aim
from . import direction_settings

DELAY = 0.1
"""Seconds after a change until it is applied."""

PLACING = ("location", "rotation", "scale", "delta_", "pose.")
"""What the RNA paths begin with of curves that move objects and bones."""

_directing: set[int] = set()
"""Identifiers of changed Actions that animate settings."""
_placing: set[int] = set()
"""Identifiers of objects that changed their place, and of changed Actions that move objects."""


@persistent
def _on_depsgraph_update(_scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> None:
    for update in depsgraph.updates:
        changed = update.id.original
        if isinstance(changed, bpy.types.Action):
            paths = [path for (_kind, path, _index), _curve in compat.action_fcurves(changed)]
            if any(path.startswith(direction_settings.SETTINGS) for path in paths):
                _directing.add(changed.session_uid)
            if any(path.startswith(PLACING) for path in paths):
                _placing.add(changed.session_uid)
        elif isinstance(changed, bpy.types.Object) and _has_moved(changed, update):
            _placing.add(changed.session_uid)
    waits = bool(_directing or (_placing and _somebody_looks()))
    if waits and not bpy.app.background and not bpy.app.timers.is_registered(apply_changes):
        bpy.app.timers.register(apply_changes, first_interval=DELAY)


def apply_changes() -> float | None:
    """Apply what changed. Returns the seconds until the next try while the user is dragging; None when done."""
    if busy.is_busy(bpy.context.window_manager):
        return DELAY
    for obj in bpy.context.scene.objects:
        if _is_outdated(obj):
            direction_settings.refresh(obj)
    # What was just written moves heads, and characters may look at each other: that is not followed for ever.
    bpy.context.view_layer.update()
    _directing.clear()
    _placing.clear()
    return None


def _is_outdated(obj: bpy.types.Object) -> bool:
    """Return whether what directs a character may have changed."""
    if _action_uid(obj) in _directing and direction_settings.is_animated(obj):
        return True
    aimed = direction_settings.gaze_aim(obj) if obj.type == "MESH" and _placing else None
    if aimed is None:
        return False
    return any({other.session_uid, _action_uid(other)} & _placing for other in aim.followed(obj, aimed))


def _action_uid(obj: bpy.types.Object) -> int:
    """Return the identifier of the active Action of an object; 0 without one."""
    return obj.animation_data.action.session_uid if obj.animation_data and obj.animation_data.action else 0


def _has_moved(obj: bpy.types.Object, update: bpy.types.DepsgraphUpdate) -> bool:
    return update.is_updated_transform or (obj.type == "ARMATURE" and update.is_updated_geometry)


def _somebody_looks() -> bool:
    """Return whether a character of the scene looks at a target."""
    return any(obj.type == "MESH" and obj.diface.gaze.use for obj in bpy.context.scene.objects)


def register() -> None:
    bpy.app.handlers.depsgraph_update_post.append(_on_depsgraph_update)


def unregister() -> None:
    bpy.app.handlers.depsgraph_update_post.remove(_on_depsgraph_update)
    if bpy.app.timers.is_registered(apply_changes):
        bpy.app.timers.unregister(apply_changes)
    _directing.clear()
    _placing.clear()
