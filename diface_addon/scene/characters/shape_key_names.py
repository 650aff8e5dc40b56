"""Which shape key of a mesh is which channel of the face, or the breath."""

from __future__ import annotations

import re
from functools import lru_cache

import bpy

from ...core import channels

_VALUE = re.compile(r'key_blocks\["(.*)"\]\.value')
_SIDES = {"l": "left", "r": "right"}
_SEPARATORS = re.compile(r"[\s._\-:|/]+")
_SIDE_LETTER = re.compile(r"(?<=[a-z])[LR]$")


def _normalise(name: str) -> str:
    return "".join(_SEPARATORS.split(name)).lower()


_CHANNELS = {_normalise(name): name for name in channels.SHAPES}


@lru_cache(maxsize=1024)
def channel_for_name(name: str) -> str | None:
    """The face channel that a shape key's name means, or None.

    Takes ARKit's names in any case (`JawOpen`), with separators (`jaw_open`), with short sides (`mouthSmile_L`,
    `eyeBlink.R`, `browDownL`) and behind prefixes that a separator ends (`A.jawOpen`, `ARKit_jawOpen`).
    """
    words = [word for word in _SEPARATORS.split(name) if word]
    for start in range(len(words)):
        rest = words[start:]
        found = _CHANNELS.get("".join(rest).lower()) or _CHANNELS.get(_with_long_side(rest))
        if found:
            return found
    return None


@lru_cache(maxsize=1024)
def channel_for_path(path: str) -> str | None:
    """The face channel of the shape key whose value is at an RNA path of the shape keys, or None."""
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
    """Channel -> shape key name, in channel order; a name spelt as ARKit does is preferred to a variant of it."""
    keys = obj.data.shape_keys if obj.type == "MESH" else None
    if keys is None:
        return {}
    found: dict[str, str] = {}
    for block in keys.key_blocks:
        channel = channel_for_name(block.name)
        if channel and block != keys.reference_key and (channel not in found or block.name == channel):
            found[channel] = block.name
    return {channel: found[channel] for channel in channels.SHAPES if channel in found}


def driven_shape_keys(obj: bpy.types.Object) -> set[str]:
    """Names of the shape keys whose value a driver sets, where a keyframe would have no effect."""
    animation = obj.data.shape_keys.animation_data
    if animation is None:
        return set()
    blocks = obj.data.shape_keys.key_blocks
    paths = {curve.data_path for curve in animation.drivers}
    return {block.name for block in blocks if block.path_from_id("value") in paths}
