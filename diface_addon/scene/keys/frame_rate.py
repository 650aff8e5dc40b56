"""The scene's frame rate, as Blender states it."""

from __future__ import annotations

import bpy

from ...core import types


def scene_rate(scene: bpy.types.Scene) -> types.FrameRate:
    """Frames a second of a scene: `fps / fps_base`, so that 29.97 is 30 with base 1.001."""
    return types.FrameRate(scene.render.fps, scene.render.fps_base)
