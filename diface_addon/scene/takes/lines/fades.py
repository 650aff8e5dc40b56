"""Fades of the active take, for which Blender has no setting: strips below it with its first and its last pose."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import bpy

from .... import compat
from ...keys import nla
from . import rest_action, strip_frames
from .line import SpokenLine
from .strip_frames import StripFrames


def remove(block: bpy.types.ID) -> None:
    """Remove the fades of a data-block's active take."""
    for track in nla.tracks(block):
        if track.name.startswith(nla.FADES_TRACK):
            block.animation_data.nla_tracks.remove(track)


def add(block: bpy.types.ID, kind: str, spoken: SpokenLine) -> None:
    """Let the active take of a data-block fade in and out where other lines would be cut. It has no fades yet.

    Args:
        block: The data-block, with an active Action that replaces what is below.
        kind: Its kind.
        spoken: What the take speaks.
    """
    action = block.animation_data.action
    first, last = action.frame_range  # at all of which Blender plays it
    whole = replace(spoken, first=first, last=last, reach=(first, last))
    others, rests_at = strip_frames.spans_of_lines(block), partial(rest_action.is_at_rest, block, kind, action)
    frames = strip_frames.of_line(whole, others, rests_at)
    parts = [StripFrames(first, first, frames.fade_in, 0), StripFrames(last, last, 0, frames.fade_out)]
    parts = [part for part in parts if part.fade_in or part.fade_out]
    for number, part in enumerate(parts):
        _add_strip(block, kind, part, number)


def _add_strip(block: bpy.types.ID, kind: str, frames: StripFrames, number: int) -> None:
    """Add a strip on a new track: it is added at all frames of the Action, and shortened then."""
    animation = block.animation_data
    track = animation.nla_tracks.new()
    track.name = f"{nla.FADES_TRACK} {number + 1}"
    strip = compat.new_strip(track, animation.action, compat.find_slot(animation.action, kind))
    strip_frames.place(strip, frames)
    strip.extrapolation = "NOTHING"
