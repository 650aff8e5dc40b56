"""Deletes a take with what only that take uses."""

from __future__ import annotations

import bpy

from ...rig import parts
from ..characters import shape_keys
from ..keys import nla
from ..provenance import layer_tracks, stored_request
from ..vertex_animation import take_cache, vertex_cache
from . import take_index, use_take


def delete_take(obj: bpy.types.Object | None, actions: list[bpy.types.Action]) -> list[str]:
    """Delete a take, and the shape keys of `obj` that only this take animates. Return notes for the user.

    The file of a vertex cache stays, so that Undo can restore the take. Layers stay if a copy of the take uses them.
    """
    request = stored_request.read_request(actions[0]) or {}
    main, _layers = take_index.split_layers(actions)
    file = None
    if obj is not None and obj.type == "MESH":
        keys = obj.data.shape_keys
        if keys and keys.animation_data and keys.animation_data.action in main:
            use_take.clear_face(obj)
            for block in parts.data_blocks(obj).values():
                layer_tracks.remove_empty_tracks(block)
        file = take_cache.cache_file(obj, actions) if request else None
        if request:
            vertex_cache.remove(obj, request["take"])
    others = [stored_request.read_request(action) for action in bpy.data.actions if action not in actions]
    is_shared = any(other and other["take"] == request.get("take") for other in others)
    for action in main if is_shared else actions:
        nla.remove_strips(action)
        bpy.data.actions.remove(action)
    needed = {name for other in others if other for name in other.get("shape_keys", ())}
    if obj is not None:
        shape_keys.remove_shape_keys(obj, [name for name in request.get("shape_keys", ()) if name not in needed])
    return [f"Its vertex cache stays in {file}."] if file and file.is_file() else []
