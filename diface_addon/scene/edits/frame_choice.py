"""Frame ranges of an edit: around the playhead, preview range, selected keys, whole take, or between markers."""

from __future__ import annotations

import math
from collections.abc import Iterable

import bpy
import numpy as np

from ...core import errors
from ..keys import frame_rate

# The numbers are stored in .blend files.
RANGE_CHOICES = (
    ("AUTO", "Around Playhead", "One second before and after the playhead, or the preview range if one is set", 4),
    ("PREVIEW", "Preview Range", "The frames of the preview range (P in a timeline)", 0),
    ("KEYS", "Selected Keys", "The frames between the first and the last selected key", 1),
    ("STRIP", "Whole Take", "Every frame of the take", 2),
    ("WORD", "Chosen Word", "The frames of the word that is chosen under Words", 5),
    ("MARKERS", "Between Markers", "The frames between the two markers around the playhead, or two selected ones", 3),
)
"""Items of an enum property."""
AUTO_SECONDS = 1.0
"""Seconds before and after the playhead."""

FrameRange = tuple[int, int]
"""First and last frame, inclusive."""


def find_range(
    choice: str, scene: bpy.types.Scene, take_range: FrameRange, curves: Iterable[bpy.types.FCurve]
) -> FrameRange:
    """Return the first and last frame (inclusive) of a choice, within the take.

    Args:
        choice: One of `RANGE_CHOICES`.
        scene: Has the playhead, the preview range and the markers.
        take_range: First and last frame of the take.
        curves: F-curves whose selected keys count.

    Raises:
        SceneError: The choice has no frames, or none within the take.
    """
    first, last = _FINDERS[choice](scene, take_range, curves)
    clipped = max(first, take_range[0]), min(last, take_range[1])
    if clipped[0] > clipped[1]:
        message = f"Frames {first} to {last} are outside the take, which has frames {take_range[0]} to {take_range[1]}."
        raise errors.SceneError(message, "Choose other frames, or move the playhead into the take.")
    return clipped


def around_playhead(scene: bpy.types.Scene) -> FrameRange:
    """Return the preview range if one is set, otherwise `AUTO_SECONDS` before and after the playhead."""
    if scene.use_preview_range:
        return scene.frame_preview_start, scene.frame_preview_end
    half = round(AUTO_SECONDS * frame_rate.scene_rate(scene).value)
    return scene.frame_current - half, scene.frame_current + half


def _around_playhead(scene: bpy.types.Scene, _take_range: FrameRange, _curves: object) -> FrameRange:
    return around_playhead(scene)


def _preview_range(scene: bpy.types.Scene, _take_range: FrameRange, _curves: object) -> FrameRange:
    if not scene.use_preview_range:
        raise errors.SceneError("No preview range is set.", "Set one with P in the Timeline or the Dope Sheet.")
    return scene.frame_preview_start, scene.frame_preview_end


def _selected_keys_range(_scene: object, _take_range: object, curves: Iterable[bpy.types.FCurve]) -> FrameRange:
    frames = np.array([key.co.x for curve in curves for key in curve.keyframe_points if key.select_control_point])
    if len(frames) < 2 or frames.min() == frames.max():
        hint = "Select keys of two frames in the Dope Sheet or the Graph Editor."
        raise errors.SceneError("Keys of two frames are needed.", hint)
    first, last = math.floor(frames.min()) + 1, math.ceil(frames.max()) - 1
    if first > last:
        raise errors.SceneError("There is no frame between the selected keys.", "Select keys that are further apart.")
    return first, last


def _whole_take(_scene: object, take_range: FrameRange, _curves: object) -> FrameRange:
    return take_range


def _markers_range(scene: bpy.types.Scene, _take_range: FrameRange, _curves: object) -> FrameRange:
    selected = sorted(marker.frame for marker in scene.timeline_markers if marker.select)
    if len(selected) == 2:
        return selected[0], selected[1]
    now = scene.frame_current
    before = [marker.frame for marker in scene.timeline_markers if marker.frame <= now]
    after = [marker.frame for marker in scene.timeline_markers if marker.frame > now]
    if not before or not after:
        hint = "Add markers with M in a timeline, or select two."
        raise errors.SceneError("The playhead is not between two markers.", hint)
    return max(before), min(after)


_FINDERS = {
    "AUTO": _around_playhead,
    "PREVIEW": _preview_range,
    "KEYS": _selected_keys_range,
    "STRIP": _whole_take,
    "MARKERS": _markers_range,
}
