"""Takes of several lines on one character: the active one as its Action, the others on NLA tracks of DiFACE.

    DiFACE rest          the pose between the lines, at all frames
    DiFACE lines         the main Actions of the other lines, each on its own frames alone
    DiFACE lines blinks  their layers
    DiFACE blinks ...    the layers of the active take, on its frames alone
    DiFACE fades         the first and last pose of the active take, where it would be cut
    active Action        the take that is edited, on its frames alone

Lines that overlap are on further tracks. A line returns from its strip to the active Action when its take is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import bpy

from .... import compat
from ...animation import active_curves, body_rotation
from ...keys import nla
from ...provenance import layer_tracks, stored_request
from . import fades, line, rest_action, strip_frames

MainActions = Mapping[str, Sequence[bpy.types.Action]]
"""Take -> its main Actions."""


@dataclass(frozen=True)
class Leaving:
    """The takes that make room for another one.

    Attributes:
        actions: The main Action that leaves each kind of data-block.
        layers: The layers of these takes.
        rest: The Action with the pose between the lines, by kind, unless the present one has all curves.
    """

    actions: Mapping[str, bpy.types.Action]
    layers: Sequence[bpy.types.Action]
    rest: Mapping[str, bpy.types.Action]


def find_leaving(obj: bpy.types.Object, kinds: Iterable[str], actions: Sequence[bpy.types.Action]) -> Leaving:
    """Return the takes that are active on some kinds of data-blocks and go on playing while `actions` are active.

    The Actions of the rest pose are new; `make_room` uses them.
    """
    blocks, mains = active_curves.data_blocks(obj), _main_actions()
    leaving = {kind: blocks[kind].animation_data.action for kind in kinds if _leaves(blocks[kind], actions, mains)}
    takes = {stored_request.require_request(action)["take"] for action in leaving.values()}
    layers = layer_tracks.active_layer_actions(blocks.values()) if leaving else []
    layers = [layer for layer in layers if stored_request.require_request(layer)["take"] in takes]
    return Leaving(leaving, layers, rest_action.build(obj, leaving) if leaving else {})


def find_staying_kinds(obj: bpy.types.Object, actions: Sequence[bpy.types.Action]) -> set[str]:
    """Return the kinds of data-blocks whose active take goes on playing, on a strip, while `actions` are active."""
    mains = _main_actions()
    return {kind for kind, block in active_curves.data_blocks(obj).items() if _leaves(block, actions, mains)}


def make_room(
    obj: bpy.types.Object, leaving: Leaving, actions: Sequence[bpy.types.Action], kinds: Sequence[str]
) -> None:
    """Put the takes that leave on strips, and remove the strips of the takes that `actions` replace.

    Args:
        obj: The character. The layers of the takes that leave are detached already.
        leaving: What `find_leaving` returned.
        actions: The take that becomes active.
        kinds: The kinds of data-blocks on which it does.
    """
    new, mains = line.spoken_line(actions), _main_actions()
    blocks = active_curves.data_blocks(obj)
    for kind in kinds:
        fades.remove(blocks[kind])
        for track in strip_frames.line_tracks(blocks[kind]):
            _remove_strips(blocks[kind], track, [s for s in track.strips if not _stays(s.action, new, mains)])
    for kind, action in leaving.rest.items():
        _set_rest(blocks[kind], kind, action)
    for kind, action in leaving.actions.items():
        frames = strip_frames.of_action(blocks[kind], kind, action, [action], new)
        strip = _add_strip(blocks[kind], kind, action, nla.LINES_TRACK, frames)
        if body_rotation.is_added(action, kind):
            strip.blend_type = "COMBINE"
    for layer in leaving.layers:
        for kind in [kind for kind in compat.action_kinds(layer) if kind in blocks]:
            if layer.get(layer_tracks.STATE) != "GONE":
                name = f"{nla.LINES_TRACK} {layer_tracks.layer_name(layer)}"
                frames = strip_frames.of_action(blocks[kind], kind, layer, _with_main(layer, mains), new)
                strip = _add_strip(blocks[kind], kind, layer, name, frames)
                strip.mute = layer.get(layer_tracks.STATE) == "MUTED"


def confine(obj: bpy.types.Object, actions: Sequence[bpy.types.Action]) -> None:
    """Let the active take play on its own frames alone if the takes of other lines play below it."""
    new, mains = line.spoken_line(actions), _main_actions()
    for kind, block in active_curves.data_blocks(obj).items():
        animation = block.animation_data
        if animation is None or not _has_other_lines(animation, new, mains):
            continue
        if animation.action in actions:
            animation.action_extrapolation = "NOTHING"
            if new:
                _fit_to_neighbours(block, kind, actions, new)
        for track, _layer in layer_tracks.active_layers(block):
            for strip in track.strips:
                strip.extrapolation = "NOTHING"


def _fit_to_neighbours(
    block: bpy.types.ID, kind: str, actions: Sequence[bpy.types.Action], new: line.SpokenLine
) -> None:
    """Place the strips beside the active take again, and let it fade where it meets them."""
    for strip in strip_frames.main_strips(block):
        is_near = strip.frame_start <= new.last + 1 and new.first - 1 <= strip.frame_end
        if is_near and strip.action and strip.blend_type == "REPLACE":
            strip_frames.place(strip, strip_frames.of_action(block, kind, strip.action, [strip.action], new, strip))
    if block.animation_data.action_blend_type == "REPLACE":
        fades.add(block, kind, line.with_keys(new, actions))


def remove(obj: bpy.types.Object, actions: Sequence[bpy.types.Action]) -> None:
    """Remove the strips of a take from the tracks of lines. Its Actions stay."""
    for block in active_curves.data_blocks(obj).values():
        if block.animation_data and block.animation_data.action is None:
            fades.remove(block)
        for track in strip_frames.line_tracks(block):
            _remove_strips(block, track, [strip for strip in track.strips if strip.action in actions])


def resting_actions(obj: bpy.types.Object) -> list[bpy.types.Action]:
    """Return the Actions of the lines that play on strips, with their layers."""
    blocks = active_curves.data_blocks(obj).values()
    found = (strip.action for block in blocks for track in strip_frames.line_tracks(block) for strip in track.strips)
    return list(dict.fromkeys(action for action in found if action))


def _leaves(block: bpy.types.ID, actions: Sequence[bpy.types.Action], mains: MainActions) -> bool:
    """Return whether `actions` replace the active take of a data-block by one of another line."""
    action = block.animation_data.action if block.animation_data else None
    return action not in (None, *actions) and _stays(action, line.spoken_line(actions), mains)


def _stays(action: bpy.types.Action | None, new: line.SpokenLine | None, mains: MainActions) -> bool:
    old = line.spoken_line(_with_main(action, mains)) if action and new else None
    return old is not None and old.stays(new)


def _with_main(action: bpy.types.Action, mains: MainActions) -> Sequence[bpy.types.Action]:
    """Return an Action, or the main ones of the take whose layer it is."""
    if layer_tracks.layer_name(action) is None:
        return [action]
    return mains.get(stored_request.require_request(action)["take"], ())


def _main_actions() -> MainActions:
    """Return the main Actions of all takes of the file."""
    found: dict[str, list[bpy.types.Action]] = {}
    for action in bpy.data.actions:
        request = stored_request.read_request(action)
        if request and "layer" not in request:
            found.setdefault(request["take"], []).append(action)
    return found


def _has_other_lines(animation: bpy.types.AnimData, new: line.SpokenLine | None, mains: MainActions) -> bool:
    """Return whether takes of other lines are on strips, those that the user moved to the NLA included."""
    if any(nla.is_line_track(track) for track in animation.nla_tracks):
        return True
    return any(_stays(strip.action, new, mains) for strip in nla.unmuted_strips(animation))


def _remove_strips(block: bpy.types.ID, track: bpy.types.NlaTrack, strips: Sequence[bpy.types.NlaStrip]) -> None:
    for strip in strips:
        if strip.action:
            strip.action.use_fake_user = True
        track.strips.remove(strip)
    if strips and not len(track.strips):
        block.animation_data.nla_tracks.remove(track)


def _add_strip(
    block: bpy.types.ID, kind: str, action: bpy.types.Action, name: str, frames: strip_frames.StripFrames
) -> bpy.types.NlaStrip:
    """Play an Action at some frames, on the first track called `name` that is free there."""
    first, last = min(frames.whole[0], action.frame_range[0]), max(frames.whole[1], action.frame_range[1])
    tracks = block.animation_data_create().nla_tracks
    free = [track for track in tracks if track.name.partition(".")[0] == name and _is_free(track, (first, last))]
    track = free[0] if free else tracks.new()
    if not free:
        track.name = name
    strip = compat.new_strip(track, action, compat.find_slot(action, kind))
    strip_frames.place(strip, frames)
    strip.extrapolation = "NOTHING"
    action.use_fake_user = True
    return strip


def _is_free(track: bpy.types.NlaTrack, frames: Sequence[float]) -> bool:
    first, last = frames
    return all(strip.frame_end < first or strip.frame_start > last for strip in track.strips)


def _set_rest(block: bpy.types.ID, kind: str, action: bpy.types.Action) -> None:
    """Play the rest pose below all lines of a data-block, at all frames."""
    layer_tracks.remove_empty_tracks(block)  # new ones are added above the rest
    tracks = block.animation_data_create().nla_tracks
    track = next((track for track in tracks if track.name == nla.REST_TRACK), None)
    if track is None:
        track = tracks.new()
        track.name = nla.REST_TRACK
    for strip in list(track.strips):
        track.strips.remove(strip)
    compat.new_strip(track, action, compat.find_slot(action, kind)).extrapolation = "HOLD"
