"""The frames that an edit applies to: the preview range, the selected keys, the whole take, or two markers."""

from __future__ import annotations

import math
from collections.abc import Iterable

import bpy
import numpy as np

from ...core import errors

SOURCES = (
    ("PREVIEW", "Preview Range", "The frames of the preview range (P in a timeline)"),
    ("KEYS", "Selected Keys", "Between the first and the last selected key"),
    ("STRIP", "All", "Every frame of the take"),
    ("MARKERS", "Markers", "Between the two markers around the playhead, or the two selected ones"),
)


def find_range(
    source: str, scene: bpy.types.Scene, take_range: tuple[int, int], curves: Iterable[bpy.types.FCurve]
) -> tuple:
    """Return the first and last frame (inclusive) of a choice, within the take.

    Raises:
        SceneError: The choice has no frames in the take.
    """
    first, last = _FINDERS[source](scene, take_range, curves)
    within = max(first, take_range[0]), min(last, take_range[1])
    if within[0] > within[1]:
        message = f"The frames {first} to {last} are outside the take ({take_range[0]} to {take_range[1]})."
        raise errors.SceneError(message, "Choose frames within the take.")
    return within


def _preview_range(scene: bpy.types.Scene, _whole: tuple[int, int], _curves: object) -> tuple[int, int]:
    if not scene.use_preview_range:
        raise errors.SceneError("There is no preview range.", "Set one: P in the Timeline or the Dope Sheet.")
    return scene.frame_preview_start, scene.frame_preview_end


def _selected_keys_range(_scene: object, _whole: object, curves: Iterable[bpy.types.FCurve]) -> tuple[int, int]:
    frames = np.array([key.co.x for curve in curves for key in curve.keyframe_points if key.select_control_point])
    if len(frames) < 2 or frames.min() == frames.max():
        raise errors.SceneError(
            "Keys of two frames must be selected.", "Select them in the Dope Sheet or the Graph Editor."
        )
    first, last = math.floor(frames.min()) + 1, math.ceil(frames.max()) - 1
    if first > last:
        raise errors.SceneError("There is no frame between the selected keys.", "Select keys that are further apart.")
    return first, last


def _whole_take_range(_scene: object, whole: tuple[int, int], _curves: object) -> tuple[int, int]:
    return whole


def _markers_range(scene: bpy.types.Scene, _whole: object, _curves: object) -> tuple[int, int]:
    selected = sorted(marker.frame for marker in scene.timeline_markers if marker.select)
    if len(selected) == 2:
        return selected[0], selected[1]
    now = scene.frame_current
    before = [marker.frame for marker in scene.timeline_markers if marker.frame <= now]
    after = [marker.frame for marker in scene.timeline_markers if marker.frame > now]
    if not before or not after:
        hint = "Add them with M in a timeline, or select two."
        raise errors.SceneError("The playhead is not between two markers.", hint)
    return max(before), min(after)


_FINDERS = {
    "PREVIEW": _preview_range,
    "KEYS": _selected_keys_range,
    "STRIP": _whole_take_range,
    "MARKERS": _markers_range,
}
