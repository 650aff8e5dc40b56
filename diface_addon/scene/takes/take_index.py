"""The takes of the file: which Actions belong to each, and which takes animate a character."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import bpy

from ... import compat
from ...core import channels, errors
from ..animation import active_actions
from ..provenance import layer_tracks, stored_request
from ..vertex_animation import vertex_cache


def all_takes() -> dict[str, list[bpy.types.Action]]:
    """Return the Actions of every take in the file, by the take's id, in the order of their names.

    The main Actions come first, and the first of them represents the take; its layers follow. A copy that the user made
    of a main Action is a separate take with the id "id/1", and shares the layers of the original. Layers without a
    main Action are left out, and so are takes whose request cannot be read (`unreadable_takes`).
    """
    main: dict[str, list[bpy.types.Action]] = {}
    layers: dict[str, list[bpy.types.Action]] = {}
    copies: Counter[tuple[str, ...]] = Counter()
    for action in bpy.data.actions:
        request = stored_request.read_request(action)
        if request and "layer" in request:
            layers.setdefault(request["take"], []).append(action)
        elif request:
            same = request["take"], *compat.action_kinds(action)
            suffix = f"/{copies[same]}" if copies[same] else ""
            copies[same] += 1
            main.setdefault(request["take"] + suffix, []).append(action)
    for actions in layers.values():
        actions.sort(key=lambda action: list(channels.LAYERS).index(layer_tracks.layer_name(action)))
    for actions in main.values():
        actions.sort(key=lambda action: compat.find_channelbag(action, "KEY") is None)  # the face's represents the take
    return {take: actions + layers.get(take.partition("/")[0], []) for take, actions in main.items()}


def unreadable_takes() -> dict[str, list[bpy.types.Action]]:
    """Return the Actions of takes whose stored request is damaged or of a newer DiFACE, by an id for each take."""
    takes: dict[str, list[bpy.types.Action]] = {}
    for action in bpy.data.actions:
        if stored_request.read_error(action):
            takes.setdefault(stored_request.unreadable_take_id(action), []).append(action)
    return takes


def active_takes(obj: bpy.types.Object, actions_by_take: dict[str, list[bpy.types.Action]]) -> set[str]:
    """Return the ids of the takes that animate `obj` now: none, one, or one for the face and one for the head."""
    playing = active_actions.active_actions(obj)
    active = {take for take, actions in actions_by_take.items() if any(action in actions for action in playing)}
    cache = vertex_cache.active_take(obj)
    cached = {take for take in actions_by_take if take.startswith(cache) and "/" not in take} if cache else set()
    return active | cached


def active_take(obj: bpy.types.Object) -> list[bpy.types.Action]:
    """Return the Actions of the take that animates `obj`; that of the face if the head has another.

    Raises:
        SceneError: No take animates `obj`.
    """
    takes = all_takes()
    active = [takes[take] for take in active_takes(obj, takes)]
    if not active:
        raise errors.SceneError("No take is active.", "Choose one in the list, or generate one.")
    keys = obj.data.shape_keys if obj.type == "MESH" else None
    face = keys.animation_data.action if keys and keys.animation_data else None
    return next((actions for actions in active if face in actions), active[0])


def check_active(obj: bpy.types.Object) -> None:
    """Raise SceneError if no take animates `obj`, as `active_take` does. Fast: buttons ask on each redraw."""
    requests = map(stored_request.read_request, active_actions.active_actions(obj))
    if not any(request and "layer" not in request for request in requests):
        active_take(obj)


def split_layers(actions: Sequence[bpy.types.Action]) -> tuple[list[bpy.types.Action], list[bpy.types.Action]]:
    """Return the main Actions of a take, and its layers."""
    layers = [action for action in actions if layer_tracks.layer_name(action)]
    return [action for action in actions if action not in layers], layers


def seeds(obj: bpy.types.Object) -> set[int]:
    """Return the seeds of the takes of `obj`."""
    requests = (stored_request.read_request(action) for action in bpy.data.actions)
    of_character = (request for request in requests if request and request.get("character", obj.name) == obj.name)
    return {request["seed"] for request in of_character if "seed" in request}
