"""Directs takes again after something changed for which Blender calls no setting.

That is an F-curve or a driver of the settings, what a driver reads, or where the target of a gaze or the body of the
character is. A handler only records what changed; a timer, which runs in Blender with a window, applies it when the
user pauses.
"""

from __future__ import annotations

import bpy
from bpy.app.handlers import persistent

from ... import compat
from ...scene.animation import busy
from ...scene.directing import driven_values
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
_read: set[int] = set()
"""Identifiers of changed data-blocks that drivers of settings read, or that have such drivers."""


@persistent
def _on_depsgraph_update(_scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> None:
    sources = _driver_sources()
    for update in depsgraph.updates:
        changed = update.id.original
        if changed.session_uid in sources:
            _read.add(changed.session_uid)
        if isinstance(changed, bpy.types.Action):
            paths = [path for (_kind, path, _index), _curve in compat.action_fcurves(changed)]
            if any(path.startswith(direction_settings.SETTINGS) for path in paths):
                _directing.add(changed.session_uid)
            if any(path.startswith(PLACING) for path in paths):
                _placing.add(changed.session_uid)
        elif isinstance(changed, bpy.types.Object) and _has_moved(changed, update):
            _placing.add(changed.session_uid)
    if _placing and not _somebody_looks():
        _placing.clear()  # a gaze that begins later is applied as a whole
    waits = bool(_directing or _read or _placing)
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
    _read.clear()
    return None


def _is_outdated(obj: bpy.types.Object) -> bool:
    """Return whether what directs a character may have changed."""
    if _read and _sources_of(obj) & _read:
        return True
    if _action_uid(obj) in _directing and direction_settings.is_animated(obj):
        return True
    aimed = direction_settings.gaze_aim(obj) if obj.type == "MESH" and _placing else None
    if aimed is None:
        return False
    return any({other.session_uid, _action_uid(other)} & _placing for other in aim.followed(obj, aimed))


def _driver_sources() -> set[int]:
    """Return the identifiers of what drivers of settings in the scene read."""
    return set().union(*map(_sources_of, bpy.context.scene.objects))


def _sources_of(obj: bpy.types.Object) -> set[int]:
    """Return the identifiers of what drivers of a character's settings read, with their Actions and the character."""
    if obj.type != "MESH" or obj.animation_data is None:
        return set()
    drivers = direction_settings.find_drivers(obj)
    blocks = {*driven_values.sources(drivers), obj} if drivers else set()
    return {block.session_uid for block in blocks} | {_action_uid(block) for block in blocks} - {0}


def _action_uid(block: bpy.types.ID) -> int:
    """Return the identifier of the active Action of a data-block; 0 without one."""
    animation = getattr(block, "animation_data", None)
    return animation.action.session_uid if animation and animation.action else 0


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
    for changed in (_directing, _placing, _read):
        changed.clear()
