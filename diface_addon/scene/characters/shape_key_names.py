"""Finds the shape key of each face channel, and of the breath, by its name."""

from __future__ import annotations

import re
from functools import lru_cache

import bpy

from ...rig import shape_names

_VALUE = re.compile(r'key_blocks\["(.*)"\]\.value')


def channel_for_name(name: str) -> str | None:
    """Return the face channel that a shape key's name means by itself, or None.

    Accepts ARKit's names in any case (`JawOpen`), with separators (`jaw_open`), with short sides (`mouthSmile_L`,
    `eyeBlink.R`, `browDownL`), after prefixes (`A.jawOpen`, `ARKit_jawOpen`), with a number at the end
    (`mouthPucker.001`, `jawOpen1`), and the words of other conventions (`Lip_Corner_Puller_L`). A name that means a
    channel only among others (`MouthOpen`), and half of a channel (`browInnerUp_L`), are None: see `rig.shape_names`.
    """
    return shape_names.single_channel(name)


@lru_cache(maxsize=1024)
def channel_for_path(path: str) -> str | None:
    """Return the face channel of the shape key whose value has this RNA path, or None."""
    name = name_in_path(path)
    return channel_for_name(name) if name is not None else None


def name_in_path(path: str) -> str | None:
    """Return the name of the shape key whose value has this RNA path, or None."""
    named = _VALUE.fullmatch(path)
    return bpy.utils.unescape_identifier(named[1]) if named else None


def face_shape_keys(obj: bpy.types.Object) -> dict[str, str]:
    """Return the shape key of each channel that one whole shape key makes, in the order of the channels.

    ARKit's exact spelling takes precedence over other spellings, and those over names with a number at the end. A key
    is here only if `channel_for_name` finds its channel too, so that keys and the curves of Actions agree.
    """
    keys = obj.data.shape_keys if obj.type == "MESH" else None
    if keys is None:
        return {}
    targets = shape_names.named_targets([block.name for block in keys.key_blocks if block != keys.reference_key])
    return {target.channel: target.name for target in targets if channel_for_name(target.name) == target.channel}


def driven_shape_keys(obj: bpy.types.Object) -> set[str]:
    """Return the names of the shape keys whose value a driver sets, so that a keyframe would have no effect."""
    animation = obj.data.shape_keys.animation_data
    if animation is None or not len(animation.drivers):
        return set()
    blocks = obj.data.shape_keys.key_blocks
    paths = {curve.data_path for curve in animation.drivers}
    return {block.name for block in blocks if block.path_from_id("value") in paths}
