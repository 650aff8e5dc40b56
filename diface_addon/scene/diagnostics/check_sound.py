"""The take's sound: strip moved, replaced or gone since the take was made, and the scene's frame rate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from ...core import errors, types
from ..audio import audio_strip
from ..keys import frame_rate
from ..provenance import take_request
from .problem import Problem

SAME_TIME = 0.01
"""Frames up to which a take and its strip are in sync."""


def check_sound(context: bpy.types.Context, stored: dict[str, Any], last_frame: float, folder: Path) -> list[Problem]:
    """Return what is wrong with the sound of a take.

    Args:
        context: Names the sequencer.
        stored: The take's request.
        last_frame: Its last frame.
        folder: Holds the files that have to be written.
    """
    request, first = take_request.from_json(stored), float(stored["first_frame"])
    rate, where = frame_rate.scene_rate(context.scene), (first, last_frame, first)
    if not frame_rate.is_same(request.rate, rate):
        text = f"Made at {request.rate.value:g} frames per second, the scene has {rate.value:g}"
        return [Problem("rate_changed", text, *where)]
    if request.role == types.IDLE:
        return []
    name = stored.get("sound", "")
    if all(strip.name != name for _scene, strip in audio_strip.list_all_strips(context)):
        gone = not request.audio.path.is_file()
        return [Problem("sound_gone", f"The sound is gone: {name}", *where)] if gone else []
    try:
        scene, strip = audio_strip.find_strip(context, name)
        section = audio_strip.audio_section(scene, strip, folder)
    except errors.DifaceError as reason:
        return [Problem("sound_unreadable", reason.message, *where)]
    if _is_other_sound(request.audio.path, section.path):
        return [Problem("strip_replaced", f'"{name}" plays another sound now', *where, target=name)]
    moved = strip_start(strip, section, request, rate) - first
    if abs(moved) <= SAME_TIME:
        return []
    side = "later" if moved > 0 else "earlier"
    return [Problem("strip_moved", f"The strip is {abs(moved):g} frames {side} than the take", *where, target=name)]


def strip_start(
    strip: bpy.types.bpy_struct, section: types.AudioSection, request: types.GenerateRequest, rate: types.FrameRate
) -> float:
    """Return the frame at which a strip plays the first sample of a take's sound.

    Args:
        strip: A sound strip.
        section: What it plays.
        request: The take's request.
        rate: The scene's frame rate.
    """
    first, _end = audio_strip.bounds(strip)
    return round(first + (request.audio.start - section.start) * rate.value, 3)


def _is_other_sound(before: Path, now: Path) -> bool:
    """Return whether two files differ. Temporary copies have the same name and may be gone."""
    if before == now:
        return False
    if before.name != now.name:
        return True
    return before.is_file() and now.is_file() and before.stat().st_size != now.stat().st_size
