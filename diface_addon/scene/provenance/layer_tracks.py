"""Blinks, gaze and breath as separate Actions, each on an NLA track below the take's main Action.

Every data-block that a layer animates has a track: shape keys of the main mesh and of lashes, an armature whose bones
turn the eyes. The first data-block that an Action animates stores the state of the layer in it.

A track belongs to DiFACE while it has its name and holds only layers. When a take is detached, each layer's Action
stores what the user did to it: a muted layer comes back muted, and a removed one does not come back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import bpy

from ... import compat
from ...core import channels
from ...rig.property_address import id_type
from ..keys import nla
from . import stored_request

TRACK_PREFIX = "DiFACE "
"""Prefix of the names of DiFACE's tracks; the layer's name follows, and perhaps Blender's ".001"."""
STATE = "diface_track"
"""Custom property of a layer's Action: ON, OFF, MUTED (attach it muted) or GONE (do not attach it)."""
PREVIEW_ONLY = "diface_for_show"
"""Custom property of data-blocks that only preview layers, as a ghost's do: changes there are not stored."""
_NAMES = {TRACK_PREFIX + layer for layer in channels.LAYERS}


def layer_name(action: bpy.types.Action) -> str | None:
    """Return the name of the layer ("blinks") that an Action holds; None for every other Action."""
    request = stored_request.read_request(action)
    return request.get("layer") if request else None


def find_layers(take: str) -> list[bpy.types.Action]:
    """Return the layers of the take with the id `take`, and copies that the user made of them."""
    requests = ((action, stored_request.read_request(action)) for action in bpy.data.actions)
    return [action for action, request in requests if request and request["take"] == take and "layer" in request]


def active_layers(block: bpy.types.ID) -> list[tuple[bpy.types.NlaTrack, bpy.types.Action]]:
    """Return DiFACE's tracks of a data-block with their Actions, from bottom to top."""
    return [(track, s.action) for track in _layer_tracks(block) for s in track.strips if s.action is not None]


def active_layer_actions(blocks: Iterable[bpy.types.ID]) -> list[bpy.types.Action]:
    """Return the Actions on DiFACE's tracks of several data-blocks, each once."""
    return list(dict.fromkeys(action for block in blocks for _track, action in active_layers(block)))


def visible_layers(blocks: Iterable[bpy.types.ID], actions: Iterable[bpy.types.Action]) -> list[bpy.types.Action]:
    """Return the visible layers of `actions`: on unmuted tracks, or else not muted before.

    Args:
        blocks: The data-blocks of the character; the first that plays a layer says whether it is muted.
        actions: The Actions of a take.
    """
    actions = list(actions)
    muted: dict[str | None, bool] = {}
    for track, action in [playing for block in blocks for playing in active_layers(block)]:
        if action in actions:
            muted.setdefault(layer_name(action), track.mute)
    if muted:
        return [action for action in actions if muted.get(layer_name(action)) is False]
    return [action for action in actions if layer_name(action) and action.get(STATE) not in ("MUTED", "GONE")]


def attach_layers(blocks: Mapping[str, bpy.types.ID], actions: Iterable[bpy.types.Action]) -> None:
    """Play the layers of `actions` on tracks of the data-blocks that they animate, by kind.

    Empty tracks that `detach_layers` left are used first, then new ones on top. Tracks that stay empty are removed.
    """
    actions = list(actions)
    states = {action: _wanted_state(action, actions) for action in actions}
    for kind, block in blocks.items():
        free = {track.name: track for track in _layer_tracks(block) if not len(track.strips)}
        for action in [action for action in states if compat.find_channelbag(action, kind)]:
            if states[action] != "GONE" and not _is_on_track(block, action):
                track = free.pop(_track_name(action), None) or _new_track(block, action)
                compat.new_strip(track, action, compat.find_slot(action, kind))
                track.mute = states[action] == "MUTED"
                if _stores_state(block, action, kind):
                    action[STATE] = "ON"
        for track in free.values():
            block.animation_data.nla_tracks.remove(track)


def detach_layers(blocks: Mapping[str, bpy.types.ID]) -> None:
    """Detach the layers from data-blocks, by kind, and reset what they animate. Their tracks stay, empty."""
    for kind, block in blocks.items():
        _store_states(kind, block)
    for kind, block in blocks.items():
        for track in _layer_tracks(block):
            for strip in list(track.strips):
                if strip.action is not None:
                    strip.action.use_fake_user = True  # a copy that the user made has none, and would be lost
                    reset_values(block, strip.action, kind)
                track.strips.remove(strip)


def remove_empty_tracks(block: bpy.types.ID) -> None:
    """Remove the tracks that `detach_layers` left empty."""
    for track in [track for track in _layer_tracks(block) if not len(track.strips)]:
        block.animation_data.nla_tracks.remove(track)


def release_tracks(block: bpy.types.ID) -> None:
    """Hand the tracks of the layers over to the user: no take detaches them any more."""
    for track, action in active_layers(block):
        track.name = action.name


def reset_values(block: bpy.types.ID, action: bpy.types.Action, kind: str) -> None:
    """Set every shape key that `action` animates to 0, and every bone to its rest."""
    animated = compat.find_channelbag(action, kind)
    if id_type(kind) == "KEY":
        for key in block.key_blocks if animated else ():
            if animated.fcurves.find(key.path_from_id("value")):
                key.value = 0.0
        return
    for curve in animated.fcurves if animated else ():
        posed, _dot, name = curve.data_path.rpartition(".")
        bone = block.path_resolve(posed) if posed and _exists(block, posed) else None
        if isinstance(bone, bpy.types.PoseBone):
            getattr(bone, name)[curve.array_index] = bone.bl_rna.properties[name].default_array[curve.array_index]


def _exists(block: bpy.types.ID, path: str) -> bool:
    try:
        block.path_resolve(path)
    except ValueError:
        return False
    return True


def _stores_state(block: bpy.types.ID, action: bpy.types.Action, kind: str) -> bool:
    """Return whether a data-block is the one that stores the state of the layer in `action`."""
    return PREVIEW_ONLY not in block and compat.action_kinds(action)[:1] == [kind]


def _wanted_state(action: bpy.types.Action, actions: Sequence[bpy.types.Action]) -> str | None:
    """Return the state of a layer: without slots, the Action of the main mesh speaks for those of other data-blocks."""
    own, layer = action.get(STATE), layer_name(action)
    if own in ("MUTED", "GONE") or "KEY" in compat.action_kinds(action):
        return own
    leader = next((o for o in actions if layer_name(o) == layer and "KEY" in compat.action_kinds(o)), action)
    return leader.get(STATE)


def _store_states(kind: str, block: bpy.types.ID) -> None:
    """Store what the user did to the layers that `block` plays or played: muted or removed."""
    if PREVIEW_ONLY in block:
        return
    _mark_removed_layers(block)
    for track in _layer_tracks(block):
        for strip in track.strips:
            if strip.action is not None and _stores_state(block, strip.action, kind):
                strip.action[STATE] = "MUTED" if track.mute or strip.mute else "OFF"


def _layer_tracks(block: bpy.types.ID) -> list[bpy.types.NlaTrack]:
    return [
        track
        for track in nla.tracks(block)
        if track.name.partition(".")[0] in _NAMES
        and all(s.action is None or layer_name(s.action) for s in track.strips)
    ]


def _is_on_track(block: bpy.types.ID, action: bpy.types.Action) -> bool:
    return any(strip.action == action for track in nla.tracks(block) for strip in track.strips)


def _new_track(block: bpy.types.ID, action: bpy.types.Action) -> bpy.types.NlaTrack:
    track = block.animation_data_create().nla_tracks.new()
    track.name = _track_name(action)
    return track


def _track_name(action: bpy.types.Action) -> str:
    """Return the name of the track of a layer's Action."""
    return f"{TRACK_PREFIX}{layer_name(action)}"


def _mark_removed_layers(block: bpy.types.ID) -> None:
    """Store which layers of the active take the user has removed: attached ones that are not used any more."""
    animation = block.animation_data
    main = stored_request.read_request(animation.action) if animation and animation.action else None
    active = {main["take"]} if main else set()
    active |= {stored_request.require_request(action)["take"] for _track, action in active_layers(block)}
    for action in [action for take in active for action in find_layers(take)]:
        if action.get(STATE) == "ON" and action.users == int(action.use_fake_user):
            action[STATE] = "GONE"
