"""Finds the shape key of each face channel, and of the breath, by its name."""

from __future__ import annotations

import re
from functools import lru_cache

import bpy

from ...core import channels

_VALUE = re.compile(r'key_blocks\["(.*)"\]\.value')
_SIDES = {"l": "left", "r": "right"}
_SEPARATORS = re.compile(r"[\s._\-:|/]+")
_SIDE_LETTER = re.compile(r"(?<=[a-z])[LR]$")
_NUMBER = re.compile(r"[\s._\-:|/]*[0-9]+$")
"""A number at the end of a name: Blender's ".001", or an exporter's "1"."""


def _normalise(name: str) -> str:
    return "".join(_SEPARATORS.split(name)).lower()


_CHANNELS = {_normalise(name): name for name in channels.SHAPES}


@lru_cache(maxsize=1024)
def channel_for_name(name: str) -> str | None:
    """Return the face channel of a shape key's name, or None.

    Accepts ARKit's names in any case (`JawOpen`), with separators (`jaw_open`), with short sides (`mouthSmile_L`,
    `eyeBlink.R`, `browDownL`), after prefixes that end with a separator (`A.jawOpen`, `ARKit_jawOpen`), and with a
    number at the end (`mouthPucker.001`, `jawOpen1`).
    """
    return _unnumbered_channel(name) or _unnumbered_channel(_NUMBER.sub("", name))


def _unnumbered_channel(name: str) -> str | None:
    words = [word for word in _SEPARATORS.split(name) if word]
    for start in range(len(words)):
        rest = words[start:]
        channel = _CHANNELS.get("".join(rest).lower()) or _CHANNELS.get(_with_long_side(rest))
        if channel:
            return channel
    return None


@lru_cache(maxsize=1024)
def channel_for_path(path: str) -> str | None:
    """Return the face channel of the shape key whose value has this RNA path, or None."""
    named = _VALUE.fullmatch(path)
    return channel_for_name(bpy.utils.unescape_identifier(named[1])) if named else None


def _with_long_side(words: list[str]) -> str:
    last = words[-1]
    if last.lower() in _SIDES:
        return _normalise("".join(words[:-1])) + _SIDES[last.lower()]
    if _SIDE_LETTER.search(last):
        return _normalise("".join(words)[:-1]) + _SIDES[last[-1].lower()]
    return ""


def face_shape_keys(obj: bpy.types.Object) -> dict[str, str]:
    """Return the shape key of each channel, in the order of the channels.

    ARKit's exact spelling takes precedence over other spellings, and those over names with a number at the end.
    """
    keys = obj.data.shape_keys if obj.type == "MESH" else None
    if keys is None:
        return {}
    names: dict[str, str] = {}
    for block in keys.key_blocks:
        channel = channel_for_name(block.name)
        is_better = channel not in names or _spelling_rank(block.name) < _spelling_rank(names[channel])
        if channel and block != keys.reference_key and is_better:
            names[channel] = block.name
    return {channel: names[channel] for channel in channels.SHAPES if channel in names}


def _spelling_rank(name: str) -> int:
    """Return 0 for ARKit's spelling of a channel, 1 for another one, 2 for a name with a number at the end."""
    channel = channel_for_name(name)
    return 0 if name == channel else 1 if _unnumbered_channel(name) else 2


def driven_shape_keys(obj: bpy.types.Object) -> set[str]:
    """Return the names of the shape keys whose value a driver sets, so that a keyframe would have no effect."""
    animation = obj.data.shape_keys.animation_data
    if animation is None:
        return set()
    blocks = obj.data.shape_keys.key_blocks
    paths = {curve.data_path for curve in animation.drivers}
    return {block.name for block in blocks if block.path_from_id("value") in paths}
