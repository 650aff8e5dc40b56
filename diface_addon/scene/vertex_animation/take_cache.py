"""The vertex cache of a take: find its file, pack it into the .blend, restore it from there."""

from __future__ import annotations

from pathlib import Path

import bpy

from ...core import errors
from ..provenance import stored_request
from . import vertex_cache

TakeActions = list[bpy.types.Action]


def cache_file(obj: bpy.types.Object, actions: TakeActions) -> Path | None:
    """Return the path of a take's vertex cache, whether the file exists or not; None for a take without one."""
    request = stored_request.require_request(actions[0])
    return vertex_cache.find_file(obj, request["take"], request["cache"]) if "cache" in request else None


def pack(obj: bpy.types.Object, actions: TakeActions) -> None:
    """Pack a take's vertex cache into the .blend, if it has one. Raises SceneError if the file is damaged."""
    if file := cache_file(obj, actions):
        vertex_cache.pack(actions[0], file)


def is_packed(actions: TakeActions) -> bool:
    """Return whether the .blend holds the take's vertex cache."""
    return any(vertex_cache.is_packed(action) for action in actions)


def restore(obj: bpy.types.Object, actions: TakeActions) -> None:
    """Unpack a take's vertex cache if its file is missing. Raises SceneError if it is not packed."""
    file = cache_file(obj, actions)
    if file is None or file.is_file():
        return
    packed = next((action for action in actions if vertex_cache.is_packed(action)), None)
    if packed is None:
        hint = "Put the file back, or generate again with the same seed."
        raise errors.SceneError(f"The take's vertex cache {file} is missing, and was not packed.", hint)
    vertex_cache.unpack(packed, file)
