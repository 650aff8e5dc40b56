"""The character's shapes: those that the speech needs and that are missing, and sliders that cut a curve off."""

from __future__ import annotations

from collections.abc import Iterator

import bpy
import numpy as np

from ...core import channels, errors
from ...rig import parts
from ...rig.mapping.face_target import FaceTarget
from ...rig.mapping.pose_group import PoseGroup
from ..animation import active_curves, evaluate_curves
from .problem import Problem

SPEECH_SHAPES = {
    "jawOpen": "open vowels",
    "mouthClose": "m, b, p",
    "mouthFunnel": "o, w, sh",
    "mouthPucker": "u, w",
    "mouthRollLower": "f, v",
}
"""Channels that speech needs, and the sounds that need them."""
CUT_SECONDS = 0.12
"""A curve that stays at the end of its slider for this long is cut off."""
AT_LIMIT = 1e-4
"""Distance from the end of a slider at which a curve is at it."""


def check_shapes(obj: bpy.types.Object, first: float, last: float) -> list[Problem]:
    """Return one problem that names the channels that speech needs and the character lacks."""
    reached = active_curves.reached_channels(obj)
    if any("jawOpen" in group.channels for group in active_curves.groups(obj) if isinstance(group, PoseGroup)):
        reached.add("mouthClose")  # poses are solved so that the lips meet
    missing = [f"{name} ({sounds})" for name, sounds in SPEECH_SHAPES.items() if name not in reached]
    return [Problem("missing_shape", f"No shape for {', '.join(missing)}", first, last, first)] if missing else []


def check_sliders(obj: bpy.types.Object, first: int, rows: int, fps: float) -> list[Problem]:
    """Return the runs of frames in which a curve is beyond the end of its slider, or stays at it.

    Args:
        obj: The character.
        first: First frame of its take.
        rows: Number of frames.
        fps: Frames per second.
    """
    frames, found = first + np.arange(rows, dtype=np.float64), []
    active, shortest = active_curves.find_active_curves(obj), max(2, round(CUT_SECONDS * fps))
    for block, target in _sliders(obj):
        if target.address not in active:
            continue
        values = evaluate_curves.sample_property(obj, target.address, active[target.address], frames)
        cut = _first_cut(values, block.slider_max, shortest)
        if cut is not None:
            begin, end = first + cut[0], first + cut[1]
            text = f"{block.name} is cut off at {block.slider_max:g}"
            found.append(Problem("clipped", text, begin, end, begin, target=f"{target.address[0]} {block.name}"))
    return found


def raise_slider(obj: bpy.types.Object, target: str, factor: float) -> float:
    """Raise the end of the slider that a problem names by a factor, at least to 1 and to the curve's highest key.

    Returns:
        The end before.

    Raises:
        SceneError: The shape key is gone.
    """
    block, face_target = _find(obj, target)
    before, curve = block.slider_max, active_curves.find_active_curves(obj).get(face_target.address)
    peak = max((key.co.y for key in curve.fcurve.keyframe_points), default=0.0) if curve else 0.0
    block.slider_max = max(factor * before, peak, 1.0)
    return before


def set_slider(obj: bpy.types.Object, target: str, limit: float) -> None:
    """Set the end of the slider that a problem names."""
    _find(obj, target)[0].slider_max = limit


def channels_of(obj: bpy.types.Object, target: str) -> tuple[str, ...]:
    """Return the channels that move the shape key that a problem names. Raises SceneError if it is gone."""
    return _find(obj, target)[1].channels


def _find(obj: bpy.types.Object, target: str) -> tuple[bpy.types.ShapeKey, FaceTarget]:
    for block, face_target in _sliders(obj):
        if target == f"{face_target.address[0]} {block.name}":
            return block, face_target
    raise errors.SceneError(f"{obj.name} has no such shape key any more: {target}.", "Press Check Take again.")


def _sliders(obj: bpy.types.Object) -> Iterator[tuple[bpy.types.ShapeKey, FaceTarget]]:
    """Yield the shape keys of channels, without those of lids and eyes, which close to the end."""
    blocks = parts.data_blocks(obj)
    for target in active_curves.face_targets(obj):
        owner = blocks[target.address[0]]
        block = owner.key_blocks.get(target.name) if isinstance(owner, bpy.types.Key) else None
        if block is not None and not set(target.channels) & channels.LAYER_CHANNELS:
            yield block, target


def _first_cut(values: np.ndarray, limit: float, shortest: int) -> tuple[int, int] | None:
    """Return the first and last row of the longest cut; None if no value is beyond, and no run at the limit is long."""
    padded = np.concatenate([[False], values >= limit - AT_LIMIT, [False]])
    edges = np.flatnonzero(padded[1:] != padded[:-1]).reshape(-1, 2)
    if not len(edges):
        return None
    begin, end = edges[np.argmax(edges[:, 1] - edges[:, 0])].tolist()
    if end - begin < shortest and values.max() <= limit + AT_LIMIT:
        return None
    return begin, end - 1
