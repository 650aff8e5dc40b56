"""The scene's frame rate, as Blender states it."""

from __future__ import annotations

import bpy

from ...core import errors, types

SAME_RATE = 1e-6
"""Frames per second up to which two rates are the same."""


def scene_rate(scene: bpy.types.Scene) -> types.FrameRate:
    """Return the frames per second of a scene, `fps / fps_base`: 29.97 is 30 with base 1.001."""
    return types.FrameRate(scene.render.fps, scene.render.fps_base)


def is_same(rate: types.FrameRate, other: types.FrameRate) -> bool:
    """Return whether two frame rates are the same."""
    return abs(rate.value - other.value) <= SAME_RATE


def check_take_rate(take: types.FrameRate, scene: types.FrameRate) -> None:
    """Raise SceneError if a take does not have the scene's frame rate, and name the operator that converts it."""
    if not is_same(take, scene):
        message = f"The take was made at {take.value:g} frames per second; the scene runs at {scene.value:g}."
        hint = "Press Convert Take to make a copy at the scene's frame rate, or set the frame rate back."
        raise errors.SceneError(message, hint)
