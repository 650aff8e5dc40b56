"""Blinks, gaze and breath as separate Actions, each on an NLA track of the shape keys below the take's main Action.

A mesh that moves with the main one, such as lashes, has tracks too; only those of the main mesh store the state.

A track belongs to DiFACE while it has its name and holds only layers. When a take is detached, each layer's Action
stores what the user did to it: a muted layer comes back muted, and a removed one does not come back.
"""

from __future__ import annotations

from collections.abc import Iterable

import bpy

from ... import compat
from ...core import channels
from . import stored_request

TRACK_PREFIX = "DiFACE "
"""Prefix of the names of DiFACE's tracks; the layer's name follows, and perhaps Blender's ".001"."""
STATE = "diface_track"
"""Custom property of a layer's Action: ON, OFF, MUTED (attach it muted) or GONE (do not attach it)."""
PREVIEW_ONLY = "diface_for_show"
"""Custom property of shape keys that only preview layers, as a ghost's do: changes there are not stored."""
_NAMES = {TRACK_PREFIX + layer for layer in channels.LAYERS}


def layer_name(action: bpy.types.Action) -> str | None:
    """Return the name of the layer ("blinks") that an Action holds; None for every other Action."""
    request = stored_request.read_request(action)
    return request.get("layer") if request else None


def find_layers(take: str) -> list[bpy.types.Action]:
    """Return the layers of the take with the id `take`, and copies that the user made of them."""
    requests = ((action, stored_request.read_request(action)) for action in bpy.data.actions)
    return [action for action, request in requests if request and request["take"] == take and "layer" in request]


def active_layers(keys: bpy.types.Key) -> list[tuple[bpy.types.NlaTrack, bpy.types.Action]]:
    """Return DiFACE's tracks of `keys` with their Actions, from bottom to top."""
    return [(track, s.action) for track in _layer_tracks(keys) for s in track.strips if s.action is not None]


def active_layer_actions(every_keys: Iterable[bpy.types.Key]) -> list[bpy.types.Action]:
    """Return the Actions on DiFACE's tracks of several meshes, each once."""
    return list(dict.fromkeys(action for keys in every_keys for _track, action in active_layers(keys)))


def visible_layers(keys: bpy.types.Key | None, actions: Iterable[bpy.types.Action]) -> list[bpy.types.Action]:
    """Return the visible layers of `actions`: on unmuted tracks of the main mesh, or else not muted before.

    Args:
        keys: The shape keys of the main mesh.
        actions: The Actions of a take.
    """
    actions = list(actions)
    tracks = active_layers(keys) if keys else []
    if any(action in actions for _track, action in tracks):
        visible = {layer_name(action) for track, action in tracks if action in actions and not track.mute}
        return [action for action in actions if layer_name(action) in visible]
    return [action for action in actions if layer_name(action) and action.get(STATE) not in ("MUTED", "GONE")]


def attach_layers(keys: bpy.types.Key, actions: Iterable[bpy.types.Action], kind: str = "KEY") -> None:
    """Play the layers of `actions` that animate a kind of data-block on tracks of `keys`.

    Empty tracks that `detach_layers` left are used first, then new ones on top. Tracks that stay empty are removed.
    """
    free = {track.name: track for track in _layer_tracks(keys) if not len(track.strips)}
    for action in [action for action in actions if compat.find_channelbag(action, kind)]:
        state = action.get(STATE)
        if state != "GONE" and not _is_on_track(keys, action):
            track = free.pop(_track_name(action), None) or _new_track(keys, action)
            compat.new_strip(track, action, compat.find_slot(action, kind) if compat.HAS_ACTION_SLOTS else None)
            track.mute = state == "MUTED"
            if kind == "KEY" and PREVIEW_ONLY not in keys:
                action[STATE] = "ON"
    for track in free.values():
        keys.animation_data.nla_tracks.remove(track)


def detach_layers(keys: bpy.types.Key, kind: str = "KEY") -> None:
    """Detach the layers from `keys` and reset their shape keys. Their tracks stay, empty, for `attach_layers`.

    Detach the parts of a character before the main mesh, which stores whether a layer is still used.
    """
    is_stored = kind == "KEY" and PREVIEW_ONLY not in keys
    if is_stored:
        _mark_removed_layers(keys)
    for track in _layer_tracks(keys):
        for strip in list(track.strips):
            if strip.action is not None:
                if is_stored:
                    strip.action[STATE] = "MUTED" if track.mute or strip.mute else "OFF"
                strip.action.use_fake_user = True  # a copy that the user made has none, and would be lost
                reset_shape_keys(keys, strip.action, kind)
            track.strips.remove(strip)


def remove_empty_tracks(keys: bpy.types.Key) -> None:
    """Remove the tracks that `detach_layers` left empty."""
    attach_layers(keys, ())


def release_tracks(keys: bpy.types.Key) -> None:
    """Hand the tracks of the layers over to the user: no take detaches them any more."""
    for track, action in active_layers(keys):
        track.name = action.name


def reset_shape_keys(keys: bpy.types.Key, action: bpy.types.Action, kind: str = "KEY") -> None:
    """Set every shape key that `action` animates to 0."""
    animated = compat.find_channelbag(action, kind)
    for block in keys.key_blocks if animated else ():
        if animated.fcurves.find(block.path_from_id("value")):
            block.value = 0.0


def _layer_tracks(keys: bpy.types.Key) -> list[bpy.types.NlaTrack]:
    tracks = keys.animation_data.nla_tracks if keys.animation_data else ()
    return [
        track
        for track in tracks
        if track.name.partition(".")[0] in _NAMES
        and all(s.action is None or layer_name(s.action) for s in track.strips)
    ]


def _is_on_track(keys: bpy.types.Key, action: bpy.types.Action) -> bool:
    tracks = keys.animation_data.nla_tracks if keys.animation_data else ()
    return any(strip.action == action for track in tracks for strip in track.strips)


def _new_track(keys: bpy.types.Key, action: bpy.types.Action) -> bpy.types.NlaTrack:
    track = keys.animation_data_create().nla_tracks.new()
    track.name = _track_name(action)
    return track


def _track_name(action: bpy.types.Action) -> str:
    """Return the name of the track of a layer's Action."""
    return f"{TRACK_PREFIX}{layer_name(action)}"


def _mark_removed_layers(keys: bpy.types.Key) -> None:
    """Store which layers of the active take the user has removed: attached ones that are not used any more."""
    animation = keys.animation_data
    main = stored_request.read_request(animation.action) if animation and animation.action else None
    active = {main["take"]} if main else set()
    active |= {stored_request.require_request(action)["take"] for _track, action in active_layers(keys)}
    for take in () if PREVIEW_ONLY in keys else active:
        for action in find_layers(take):
            if action.get(STATE) == "ON" and action.users == int(action.use_fake_user):
                action[STATE] = "GONE"
