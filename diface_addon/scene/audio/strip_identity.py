"""What identifies a sound strip as a line of dialogue, and what it plays, to notice later that it changed.

The identity is a custom property of the strip, so that it stays with it when the strip is renamed or moved.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import bpy

from ... import compat
from ..keys import frame_rate
from . import audio_strip

LINE_ID = "diface_line"
"""Custom property of a strip: its identity. A copy of a strip has the same one until it gets its own."""
CHECK_SECONDS = 2.0
"""The size of a file is read again after this time."""
SAME_SECONDS = 0.01
"""Difference in seconds up to which two sections of a sound begin or end at the same place."""


def owners(scene: bpy.types.Scene) -> dict[str, str]:
    """Return the name of the strip that each identity of a scene belongs to.

    Of strips with the same identity it belongs to the first by name: Blender numbers copies.
    """
    found: dict[str, str] = {}
    for strip in _strips(scene):
        if own := _stored_id(strip):
            found[own] = min(strip.name, found.get(own, strip.name))
    return found


def line_id(owner_names: Mapping[str, str], strip: bpy.types.bpy_struct) -> str:
    """Return the identity of a strip; "" if it has none, or that of another strip, which it was copied or cut from.

    Args:
        owner_names: What `owners` returned for the scene of the strip.
        strip: The strip.
    """
    own = _stored_id(strip)
    return own if own and owner_names.get(own) == strip.name else ""


def new_id() -> str:
    """Return an identity that no strip has."""
    return uuid.uuid4().hex


def of_side(identity: str, side: str) -> str:
    """Return the identity of one side of the sound of a strip."""
    return f"{identity} {side}" if side else identity


def side_of(identity: str) -> str:
    """Return the side of an identity from `of_side`; "" for all of the sound."""
    return identity.partition(" ")[2]


def find_by_id(scenes: list[bpy.types.Scene], identity: str) -> audio_strip.StripInScene | None:
    """Return the strip with an identity, that of a side too, and its scene; None if it was deleted."""
    own = identity.partition(" ")[0]
    named = ((scene, owners(scene).get(own)) for scene in scenes)
    return next(((scene, s) for scene, name in named if name for s in _strips(scene) if s.name == name), None)


def describe(scene: bpy.types.Scene, strip: bpy.types.bpy_struct) -> dict[str, Any]:
    """Return what a strip plays, as a take stores it: file, first second, duration in seconds, and retiming."""
    first, end = audio_strip.bounds(strip)
    rate = frame_rate.scene_rate(scene)
    return {
        "file": sound_name(strip),
        "size": _size(strip),
        "start": round(audio_strip.first_second(strip, rate), 4),
        "seconds": round(rate.seconds(end - first), 4),
        "retimed": [round(rate.seconds(key.timeline_frame - first), 3) for key in getattr(strip, "retiming_keys", ())],
    }


def plays_the_same(before: dict[str, Any], now: dict[str, Any]) -> bool:
    """Return whether two descriptions are of the same sound: not trimmed, replaced or retimed."""
    if any(abs(before.get(name, 0.0) - now[name]) > SAME_SECONDS for name in ("start", "seconds")):
        return False
    sizes = before.get("size", 0), now["size"]
    if 0 not in sizes and sizes[0] != sizes[1]:  # 0: the file is missing now, or was
        return False
    return all(before.get(name) == now[name] for name in ("file", "retimed"))


def _stored_id(strip: bpy.types.bpy_struct) -> str:
    """Return the identity that a strip stores, which may be that of the strip it was copied from; "" for none."""
    own = strip.get(LINE_ID, "")
    return own if isinstance(own, str) else ""


def _strips(scene: bpy.types.Scene) -> list[bpy.types.bpy_struct]:
    editor = scene.sequence_editor
    return [strip for strip in compat.strips_all(editor) if strip.type in audio_strip.AUDIBLE] if editor else []


def sound_name(strip: bpy.types.bpy_struct) -> str:
    """Return the name of the file that a strip plays, or of the scene; "" without one."""
    if strip.type == audio_strip.SCENE:
        return strip.scene.name if strip.scene else ""
    holder = strip.sound if strip.type == audio_strip.SOUND else strip
    return bpy.path.basename(holder.filepath) if holder else ""


def _size(strip: bpy.types.bpy_struct) -> int:
    if strip.type == audio_strip.SCENE:
        return 0
    sound = strip.sound if strip.type == audio_strip.SOUND else None
    if sound and sound.packed_file:
        return sound.packed_file.size
    holder = sound or (strip if strip.type == audio_strip.MOVIE else None)
    path = bpy.path.abspath(holder.filepath, library=sound.library if sound else None) if holder else ""
    return _file_size(path, int(time.monotonic() / CHECK_SECONDS)) if path else 0


@lru_cache(maxsize=1024)
def _file_size(path: str, _moment: int) -> int:
    """Return the size in bytes, 0 without such a file. Panels ask on every redraw."""
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0
