"""Muted layers, curves and shape keys: animation that is there and does not show."""

from __future__ import annotations

from collections.abc import Iterator

import bpy

from ... import compat
from ...rig import parts
from ..animation import active_curves
from ..animation.active_actions import animated_blocks
from ..provenance import layer_tracks
from .problem import Problem

LAYER, CURVE, SHAPE_KEY = "layer", "curve", "shape key"
"""What may be muted; the first part of a problem's target."""


def check_tracks(obj: bpy.types.Object, first: float, last: float) -> list[Problem]:
    """Return a problem for each kind of what is muted: the layers each, the curves and the shape keys together.

    Args:
        obj: The character.
        first: First frame of its take.
        last: Last frame.
    """
    found = []
    for track in _muted_layers(obj):
        found.append(Problem("muted", f"{track.name} is muted", first, last, first, target=f"{LAYER} {track.name}"))
    for kind, count in ((CURVE, len(_muted_curves(obj))), (SHAPE_KEY, len(_muted_shape_keys(obj)))):
        if count:
            plural, verb = ("s", "are") if count > 1 else ("", "is")
            found.append(Problem("muted", f"{count} {kind}{plural} {verb} muted", first, last, first, target=kind))
    return found


def unmute(obj: bpy.types.Object, target: str) -> None:
    """Unmute what a problem's target names."""
    if target == CURVE:
        for fcurve in _muted_curves(obj):
            fcurve.mute = False
    elif target == SHAPE_KEY:
        for block in _muted_shape_keys(obj):
            block.mute = False
    else:
        for track in _muted_layers(obj):
            if target == f"{LAYER} {track.name}":
                track.mute = False


def _muted_layers(obj: bpy.types.Object) -> list[bpy.types.NlaTrack]:
    """Return the muted tracks of blinks, gaze and breath of the main mesh and its parts."""
    return [track for keys in _keys(obj) for track, _action in layer_tracks.active_layers(keys) if track.mute]


def _muted_curves(obj: bpy.types.Object) -> list[bpy.types.FCurve]:
    """Return the muted F-curves of the active Actions that move a channel."""
    known, muted = active_curves.channels_by_address(obj), []
    for kind, block in animated_blocks(obj).items():
        bag = compat.active_channelbag(block.animation_data) if block.animation_data else None
        for fcurve in bag.fcurves if bag else ():
            if fcurve.mute and (kind, fcurve.data_path, fcurve.array_index) in known:
                muted.append(fcurve)
    return muted


def _muted_shape_keys(obj: bpy.types.Object) -> list[bpy.types.ShapeKey]:
    """Return the muted shape keys that face channels move."""
    blocks, muted = parts.data_blocks(obj), []
    for target in active_curves.face_targets(obj):
        kind, _path, _index = target.address
        block = blocks[kind].key_blocks.get(target.name) if hasattr(blocks[kind], "key_blocks") else None
        if block is not None and block.mute:
            muted.append(block)
    return muted


def _keys(obj: bpy.types.Object) -> Iterator[bpy.types.Key]:
    """Yield the shape keys of the character's meshes."""
    for block in parts.data_blocks(obj).values():
        if isinstance(block, bpy.types.Key):
            yield block
