"""The frames that have pins, found once after each change of the scene, as panels ask on every redraw."""

from __future__ import annotations

import bpy
from bpy.app.handlers import persistent

from ..animation import active_actions
from . import pins, vertex_pins

_cache: dict[tuple[int, ...], list[float]] = {}
"""Identifiers of the character and its Actions -> its pinned frames."""


def find(obj: bpy.types.Object | None) -> list[float]:
    """Return the pinned frames of `obj` in order, of keys and of sculpted faces; empty if nothing animates it."""
    if obj is None or obj.type != "MESH":
        return []
    take = vertex_pins.find_take(obj)
    actions = [*active_actions.active_actions(obj), *(vertex_pins.take_actions(take) if take else [])]
    key = (obj.session_uid, *(action.session_uid for action in actions))
    if key not in _cache:
        sculpted = vertex_pins.pin_frames(vertex_pins.take_actions(take)) if take else []
        _cache.clear()
        _cache[key] = sorted({round(pin.frame, 2) for pin in pins.find_pins(obj)} | set(sculpted))
    return _cache[key]


@persistent
def clear(*_args: object) -> None:
    """Forget the frames: something in the scene has changed."""
    _cache.clear()


HANDLERS = ("depsgraph_update_post", "undo_post", "redo_post", "load_post")


def register() -> None:
    for name in HANDLERS:
        getattr(bpy.app.handlers, name).append(clear)


def unregister() -> None:
    for name in HANDLERS:
        getattr(bpy.app.handlers, name).remove(clear)
