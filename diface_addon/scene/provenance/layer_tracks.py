"""Blinks, gaze and breath as Actions of their own, each on an NLA track of the shape keys below the take's main Action.

A track is ours while its name says so and it holds nothing but layers. What the artist did to one is kept with its
Action when the take is taken off: a layer that was muted comes back muted, one that was removed does not come back.
"""

from __future__ import annotations

from collections.abc import Iterable

import bpy

from ... import compat
from ...core import channels
from . import stored_request

TRACK_PREFIX = "DiFACE "
"""How the names of our tracks begin; after it comes the layer's, and nothing else but Blender's ".001"."""
STATE = "diface_track"
"""Custom property of a layer's Action: ON, OFF, MUTED (to be put on again muted) or GONE (not to be put on again)."""
PREVIEW_ONLY = "diface_for_show"
"""Custom property of shape keys that play layers for show, as a ghost's do: what becomes of them there is not noted."""
_NAMES = {TRACK_PREFIX + layer for layer in channels.LAYERS}


def layer_name(action: bpy.types.Action) -> str | None:
    """The name of the layer ("blinks") that an Action is; None for every other Action."""
    request = stored_request.read_request(action)
    return request.get("layer") if request else None


def find_layers(take: str) -> list[bpy.types.Action]:
    """The layers of the take with the id `take`, and copies that the artist made of them."""
    requests = ((action, stored_request.read_request(action)) for action in bpy.data.actions)
    return [action for action, request in requests if request and request["take"] == take and "layer" in request]


def active_layers(keys: bpy.types.Key) -> list[tuple[bpy.types.NlaTrack, bpy.types.Action]]:
    """Our tracks of `keys` and what is on them, from bottom to top."""
    return [(track, s.action) for track in _layer_tracks(keys) for s in track.strips if s.action is not None]


def visible_layers(keys: bpy.types.Key | None, actions: Iterable[bpy.types.Action]) -> list[bpy.types.Action]:
    """Those layers of `actions` that show: on tracks of `keys` that are not muted, or where none is, when put on."""
    tracks = active_layers(keys) if keys else []
    if any(action in actions for _track, action in tracks):
        return [action for track, action in tracks if action in actions and not track.mute]
    return [action for action in actions if layer_name(action) and action.get(STATE) not in ("MUTED", "GONE")]


def attach_layers(keys: bpy.types.Key, actions: Iterable[bpy.types.Action]) -> None:
    """Play the layers of `actions` on tracks of `keys`: those that `take_off` left there, as far as it did, else new
    ones on top. What of them is left over then goes."""
    free = {track.name: track for track in _layer_tracks(keys) if not len(track.strips)}
    for action in actions:
        state = action.get(STATE)
        if state != "GONE" and not _is_on_track(keys, action):
            track = free.pop(TRACK_PREFIX + layer_name(action), None) or _new_track(keys, action)
            compat.new_strip(track, action, action.slots[0] if compat.HAS_ACTION_SLOTS else None)
            track.mute = state == "MUTED"
            if PREVIEW_ONLY not in keys:
                action[STATE] = "ON"
    for track in free.values():
        keys.animation_data.nla_tracks.remove(track)


def detach_layers(keys: bpy.types.Key) -> None:
    """Take the layers off `keys`, and what they moved back to rest; their tracks stay, empty, for `put_on`."""
    _mark_removed_layers(keys)
    for track in _layer_tracks(keys):
        for strip in list(track.strips):
            if strip.action is not None:
                if PREVIEW_ONLY not in keys:
                    strip.action[STATE] = "MUTED" if track.mute or strip.mute else "OFF"
                strip.action.use_fake_user = True  # an artist's copy of a layer has none, and would be lost
                reset_shape_keys(keys, strip.action)
            track.strips.remove(strip)


def remove_empty_tracks(keys: bpy.types.Key) -> None:
    """Remove the tracks that `take_off` left empty."""
    attach_layers(keys, ())


def release_tracks(keys: bpy.types.Key) -> None:
    """Leave the tracks of the layers to the artist: no take takes them off any more."""
    for track, action in active_layers(keys):
        track.name = action.name


def reset_shape_keys(keys: bpy.types.Key, action: bpy.types.Action) -> None:
    """Set every shape key that `action` animates to 0."""
    animated = compat.find_channelbag(action, "KEY")
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
    track.name = TRACK_PREFIX + layer_name(action)
    return track


def _mark_removed_layers(keys: bpy.types.Key) -> None:
    """Remember which layers of what plays now the artist has removed: those that were put on, and that nobody plays."""
    animation = keys.animation_data
    main = stored_request.read_request(animation.action) if animation and animation.action else None
    here = {main["take"]} if main else set()
    here |= {stored_request.read_request(action)["take"] for _track, action in active_layers(keys)}
    for take in () if PREVIEW_ONLY in keys else here:
        for action in find_layers(take):
            if action.get(STATE) == "ON" and action.users == int(action.use_fake_user):
                action[STATE] = "GONE"
