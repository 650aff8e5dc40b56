"""NLA strips that play an Action: at which frames, with which influence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt

from ...core import types

LINES_TRACK, REST_TRACK, FADES_TRACK = "DiFACE lines", "DiFACE rest", "DiFACE fades"
"""Names of DiFACE's tracks with the lines of a dialogue that are not active, with the pose between them, and with the
fades of the active take.

The name of a layer may follow, and Blender's ".001". They are no animation of the user: no take blends with them."""


@dataclass(frozen=True)
class StripSample:
    """A strip at some of N frames.

    Attributes:
        strip: The strip.
        rows: Indices (K,) of the frames.
        times: The times (K,) of its Action.
        influence: (K,), 0 to 1.
    """

    strip: bpy.types.NlaStrip
    rows: npt.NDArray[np.intp]
    times: types.Float64Array
    influence: types.Float32Array

    def blend(self, below: npt.NDArray, values: npt.NDArray) -> npt.NDArray:
        """Return the strip's `values` (K,) float32 blended over those `below` (K,), as the NLA does."""
        if self.strip.blend_type == "REPLACE":
            return below * (1 - self.influence) + values * self.influence
        if self.strip.blend_type == "MULTIPLY":
            return self.influence * (below * values) + (1 - self.influence) * below
        part = values * self.influence
        return below - part if self.strip.blend_type == "SUBTRACT" else below + part


def remove_strips(action: bpy.types.Action) -> None:
    """Remove the strips of `action` from every NLA, and tracks that become empty."""
    for block in bpy.data.user_map(subset=[action])[action]:
        animation = getattr(block, "animation_data", None)
        for track in list(animation.nla_tracks) if animation else ():
            strips = [strip for strip in track.strips if strip.action == action]
            for strip in strips:
                track.strips.remove(strip)
            if strips and not len(track.strips):
                animation.nla_tracks.remove(track)


def tracks(block: bpy.types.ID) -> list[bpy.types.NlaTrack]:
    """Return the tracks of a data-block, the bottom one first."""
    return list(block.animation_data.nla_tracks) if block.animation_data else []


def solo_tracks(block: bpy.types.ID) -> list[bpy.types.NlaTrack]:
    """Return the tracks of a data-block that play alone, so that neither its Action nor its other tracks do."""
    return [track for track in tracks(block) if track.is_solo]


def is_line_track(track: bpy.types.NlaTrack) -> bool:
    """Return whether a track is one of DiFACE's for lines of a dialogue."""
    return track.name.startswith((LINES_TRACK, REST_TRACK, FADES_TRACK))


def unmuted_strips(animation: bpy.types.AnimData | None, with_lines: bool = False) -> Iterator[bpy.types.NlaStrip]:
    """Yield the strips that play an Action from the top track down, and on each track in the order of time.

    Args:
        animation: The animation of a data-block.
        with_lines: Whether to yield those of other lines of a dialogue too, which play at other frames.
    """
    for track in reversed(animation.nla_tracks) if animation else ():
        is_seen = not is_line_track(track) or (with_lines and not track.name.startswith(FADES_TRACK))
        for strip in track.strips if is_seen and not track.mute else ():
            if strip.action and not strip.mute:
                yield strip


def frames_without_fades(strip: bpy.types.NlaStrip) -> tuple[float, float]:
    """Return the first and the last frame at which a strip has its whole influence."""
    return strip.frame_start + strip.blend_in, strip.frame_end - strip.blend_out


def time_mapping(strip: bpy.types.NlaStrip) -> tuple[float, float]:
    """Return (start, scale): in the first repetition, time t of the Action is frame `start + scale * t`."""
    if strip.use_reverse:
        once = strip.frame_start + (strip.action_frame_end - strip.action_frame_start) * strip.scale
        return once + strip.action_frame_start * strip.scale, -strip.scale
    return strip.frame_start - strip.action_frame_start * strip.scale, strip.scale


def sample_strips(animation: bpy.types.AnimData, frames: npt.NDArray) -> list[StripSample]:
    """Return each strip at `frames` (N,) of the scene, from the bottom track up."""
    samples = []
    for track in () if animation is None else animation.nla_tracks:
        if is_line_track(track):
            continue
        free = np.ones(len(frames), bool)
        for number, strip in enumerate(track.strips):
            after = track.strips[number + 1].frame_start if number + 1 < len(track.strips) else np.inf
            plays = (strip.frame_start <= frames) & (frames <= strip.frame_end)
            if strip.extrapolation != "NOTHING":
                plays |= (frames > strip.frame_end) & (frames < after)
            if strip.extrapolation == "HOLD" and not number:
                plays |= frames < strip.frame_start
            rows = np.flatnonzero(plays & free)
            free[rows] = False
            if len(rows) and strip.action and not (track.mute or strip.mute):
                at = np.clip(frames[rows], strip.frame_start, strip.frame_end)
                samples.append(StripSample(strip, rows, _action_times(strip, at), _influence(strip, at)))
    return samples


def _action_times(strip: bpy.types.NlaStrip, frames: types.Float64Array) -> types.Float64Array:
    """Return the times of a strip's Action at `frames` (K,) of the strip: repeated, reversed, or animated.

    In single precision as in Blender, so that the values are exactly those that it shows.
    """
    if strip.use_animated_time:
        return _animated_property(strip, "strip_time", frames)
    first, last, scale = np.array([strip.action_frame_start, strip.action_frame_end, strip.scale], np.float32)
    length = (last - first) or np.float32(1)
    elapsed = np.fmod((frames - strip.frame_start).astype(np.float32), length * scale) / scale
    if strip.repeat == np.floor(strip.repeat):
        elapsed[frames == strip.frame_end] = length  # its end, not the beginning of another repetition
    return (last - elapsed if strip.use_reverse else first + elapsed).astype(np.float64)


def _influence(strip: bpy.types.NlaStrip, frames: types.Float64Array) -> types.Float32Array:
    if strip.use_animated_influence:
        return _animated_property(strip, "influence", frames).astype(np.float32)
    whole = np.ones(len(frames), np.float32)
    elapsed, left = (frames - strip.frame_start).astype(np.float32), (strip.frame_end - frames).astype(np.float32)
    into = elapsed / np.float32(strip.blend_in) if strip.blend_in else whole
    out = left / np.float32(strip.blend_out) if strip.blend_out else whole
    return np.where(into <= 1, into, np.minimum(out, whole))


def _animated_property(strip: bpy.types.NlaStrip, name: str, frames: types.Float64Array) -> types.Float64Array:
    curve = strip.fcurves.find(name)
    if curve is None or not len(curve.keyframe_points):
        return np.full(len(frames), getattr(strip, name), np.float64)
    return np.array([curve.evaluate(frame) for frame in frames], np.float64)
