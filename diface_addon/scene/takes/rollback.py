"""Restores the file if writing a take fails: Actions, shape keys, what is active, NLA tracks and shape values."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from ... import compat
from ...rig import parts
from ...rig.property_address import part_kind
from ..animation import active_curves
from ..provenance import layer_tracks
from ..vertex_animation import vertex_cache

ANIMATION_SETTINGS = ("action_influence", "action_blend_type", "action_extrapolation")
STRIP_SETTINGS = (
    "action_frame_start", "action_frame_end", "frame_start_ui", "frame_end_ui", "name", "mute", "blend_type",
    "extrapolation", "use_reverse", "influence", "use_auto_blend", "blend_in", "blend_out",
)  # fmt: skip
"""Settings of the strips that DiFACE replaces or changes itself: those of layers and of lines."""


@contextlib.contextmanager
def all_or_nothing(obj: bpy.types.Object | None = None) -> Generator[list[Path]]:
    """Undo everything that the block did to Actions, and to the animation of `obj`, if it raises.

    Yields:
        A list for the files that the block writes. They are deleted if it raises.
    """
    before, files = _State.read(obj), []
    try:
        yield files
    except BaseException:
        before.restore(obj)
        for file in files:
            file.unlink(missing_ok=True)
        raise


@dataclass(frozen=True)
class _Strip:
    """A strip of a track: its Action, slot and settings."""

    action: bpy.types.Action | None
    slot: Any
    settings: dict[str, Any]


@dataclass(frozen=True)
class _Track:
    name: str
    mute: bool
    strips: list[_Strip]


@dataclass(frozen=True)
class _Animation:
    """What animates a data-block; `tracks` by the address of each NLA track."""

    action: bpy.types.Action | None
    slot: Any
    settings: dict[str, Any]
    tracks: dict[int, _Track]


@dataclass(frozen=True)
class _State:
    actions: dict[bpy.types.Action, tuple[bool, str | None, str]]
    """Each Action: whether it has a fake user, the state of its layer, and its name."""
    animations: dict[str, _Animation | None]
    values: dict[str, dict[str, float]]
    """The value of each shape key, by kind of data-block."""
    caches: dict[str, list[bool]]
    modifiers: set[str]

    @classmethod
    def read(cls, obj: bpy.types.Object | None) -> _State:
        actions = {
            action: (action.use_fake_user, action.get(layer_tracks.STATE), action.name) for action in bpy.data.actions
        }
        if obj is None:
            return cls(actions, {}, {}, {}, set())
        blocks = active_curves.data_blocks(obj)
        faces = parts.shape_key_blocks(obj).items()
        values = {kind: {key.name: key.value for key in keys.key_blocks} for kind, keys in faces}
        animations = {kind: _read_animation(block.animation_data) for kind, block in blocks.items()}
        modifiers = {modifier.name for modifier in obj.modifiers}
        return cls(actions, animations, values, vertex_cache.visibility(obj), modifiers)

    def restore(self, obj: bpy.types.Object | None) -> None:
        if obj is not None:
            for kind, block in active_curves.data_blocks(obj).items():
                _restore_animation(block, self.animations.get(kind))
            for number, part in parts.numbered_objects(obj).items():
                _restore_shape_keys(part, self.values.get(part_kind("KEY", number), {}))
            for modifier in [modifier for modifier in obj.modifiers if modifier.name not in self.modifiers]:
                obj.modifiers.remove(modifier)
            vertex_cache.restore_visibility(obj, self.caches)
        for action in [action for action in bpy.data.actions if action not in self.actions]:
            bpy.data.actions.remove(action)
        for action, (has_fake_user, layer_state, name) in self.actions.items():
            _restore_action(action, has_fake_user, layer_state, name)


def _read_animation(animation: bpy.types.AnimData | None) -> _Animation | None:
    if animation is None:
        return None
    tracks = {
        track.as_pointer(): _Track(track.name, track.mute, [_read_strip(strip) for strip in track.strips])
        for track in animation.nla_tracks
    }
    settings = {name: getattr(animation, name) for name in ANIMATION_SETTINGS}
    return _Animation(animation.action, getattr(animation, "action_slot", None), settings, tracks)


def _read_strip(strip: bpy.types.NlaStrip) -> _Strip:
    settings = {name: getattr(strip, name) for name in STRIP_SETTINGS}
    return _Strip(strip.action, getattr(strip, "action_slot", None), settings)


def _restore_animation(block: bpy.types.ID, before: _Animation | None) -> None:
    if before is None:
        block.animation_data_clear()
        return
    animation = block.animation_data_create()
    for track in [track for track in animation.nla_tracks if track.as_pointer() not in before.tracks]:
        animation.nla_tracks.remove(track)
    existing = {track.as_pointer(): track for track in animation.nla_tracks}
    for pointer, stored in before.tracks.items():
        track = existing.get(pointer) or animation.nla_tracks.new()
        track.name, track.mute = stored.name, stored.mute
        _restore_strips(track, stored.strips)
    animation.action = before.action
    if before.slot is not None:
        animation.action_slot = before.slot
    for name, value in before.settings.items():
        setattr(animation, name, value)


def _restore_strips(track: bpy.types.NlaTrack, strips: list[_Strip]) -> None:
    """Add the strips of a track again if they were removed or changed."""
    if [_read_strip(strip) for strip in track.strips] == strips:
        return
    for strip in list(track.strips):
        track.strips.remove(strip)
    for stored in strips:
        strip = compat.new_strip(track, stored.action, stored.slot)
        for name, value in stored.settings.items():
            setattr(strip, name, value)


def _restore_shape_keys(obj: bpy.types.Object, values: dict[str, float]) -> None:
    keys = obj.data.shape_keys if obj.type == "MESH" else None
    for block in list(keys.key_blocks)[::-1] if keys else ():
        if block.name in values:
            block.value = values[block.name]
        else:
            obj.shape_key_remove(block)


def _restore_action(action: bpy.types.Action, has_fake_user: bool, layer_state: str | None, name: str) -> None:
    action.use_fake_user = has_fake_user
    if action.name != name:
        action.name = name
    if layer_state is not None:
        action[layer_tracks.STATE] = layer_state
    elif layer_tracks.STATE in action:
        del action[layer_tracks.STATE]
