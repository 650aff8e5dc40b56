"""At which frames the strip of a line plays, and how it fades where it would be cut.

    frames of the line           its own motion, exactly
    further keys of the user     extend it, up to the frames of other lines
    a fade at either end         its first or last pose, with an influence that falls to 0: in the frames of a line that
                                 overlaps and would be cut otherwise, or, if the user posed the end, where nothing plays

Takes begin and end at rest, so that most lines need no fade.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import bpy

from ...animation import body_rotation
from ...keys import nla
from ...provenance import layer_tracks
from . import line, rest_action
from .line import SpokenLine

Span = tuple[float, float]
"""First and last frame."""


@dataclass(frozen=True)
class StripFrames:
    """Frames from `first` to `last`; the fades, in frames, are before and after them."""

    first: float
    last: float
    fade_in: int
    fade_out: int

    @property
    def whole(self) -> Span:
        """First and last frame with the fades."""
        return self.first - self.fade_in, self.last + self.fade_out


def line_tracks(block: bpy.types.ID) -> list[bpy.types.NlaTrack]:
    """Return the tracks of a data-block with the strips of lines and their layers."""
    return [track for track in nla.tracks(block) if track.name.startswith(nla.LINES_TRACK)]


def main_strips(block: bpy.types.ID) -> list[bpy.types.NlaStrip]:
    """Return the strips of the main Actions of the lines that are not active."""
    tracks = (track for track in line_tracks(block) if track.name.partition(".")[0] == nla.LINES_TRACK)
    return [strip for track in tracks for strip in track.strips]


def spans_of_lines(block: bpy.types.ID, but: bpy.types.NlaStrip | None = None) -> list[Span]:
    """Return the frames of the lines on strips, without fades; not of the strip `but`."""
    return [nla.frames_without_fades(strip) for strip in main_strips(block) if strip != but]


def of_action(
    block: bpy.types.ID,
    kind: str,
    action: bpy.types.Action,
    main: Sequence[bpy.types.Action],
    new: SpokenLine | None,
    strip: bpy.types.NlaStrip | None = None,
) -> StripFrames:
    """Return the frames of the strip of an Action beside the other lines.

    Layers, which are 0 at the ends of a take, have no fades; nor rotations that are added, as two of them would add up.

    Args:
        block: The data-block.
        kind: Its kind.
        action: The Action: a main one, or a layer.
        main: The main Actions of its take.
        new: The line that becomes active.
        strip: The strip, if there is one already.
    """
    spoken = line.spoken_line(main)
    if spoken is None:
        return StripFrames(action.frame_range[0], action.frame_range[1], 0, 0)
    others = spans_of_lines(block, strip) + ([(new.first, new.last)] if new else [])
    rests_at = partial(rest_action.is_at_rest, block, kind, action)
    frames = of_line(line.with_keys(spoken, main), others, rests_at)
    if body_rotation.is_added(action, kind) or layer_tracks.layer_name(action) is not None:
        return replace(frames, fade_in=0, fade_out=0)
    return frames


def of_line(spoken: SpokenLine, others: Iterable[Span], rests_at: Callable[[float], bool]) -> StripFrames:
    """Return the frames of a line's strip.

    Args:
        spoken: The line.
        others: The frames of the character's other lines, without fades.
        rests_at: Whether the line's pose at a frame is that between the lines.
    """
    others = list(others)
    before = max((last for first, last in others if first < spoken.first), default=-math.inf)
    after = min((first for first, last in others if last > spoken.last), default=math.inf)
    first = min(spoken.first, max(spoken.reach[0], before + 1))
    last = max(spoken.last, min(spoken.reach[1], after - 1))
    fade_in = spoken.fade if before >= first else int(min(spoken.fade, first - before - 1))
    fade_out = spoken.fade if after <= last else int(min(spoken.fade, after - last - 1))
    if before < first and rests_at(first):
        fade_in = 0
    if after > last and rests_at(last):
        fade_out = 0
    return StripFrames(first, last, fade_in, fade_out)


def place(strip: bpy.types.NlaStrip, frames: StripFrames) -> None:
    """Let a strip play its Action at some frames, at its own time. The track must be free there."""
    first, last = frames.whole
    strip.use_auto_blend = False
    strip.blend_in = strip.blend_out = 0.0
    # In the order in which the strip is never longer than before or after: it would move its neighbours.
    if first <= strip.frame_start:
        strip.frame_start_ui = first
    strip.action_frame_start, strip.action_frame_end = first, last
    strip.frame_start_ui = first
    strip.blend_in, strip.blend_out = frames.fade_in, frames.fade_out
