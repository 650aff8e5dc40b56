"""The frame range of an export or a playblast."""

from __future__ import annotations

import bpy


def export_range(scene: bpy.types.Scene) -> tuple[int, int]:
    """Return the first and last frame of the preview range if it is on, else of the scene."""
    if scene.use_preview_range:
        return scene.frame_preview_start, scene.frame_preview_end
    return scene.frame_start, scene.frame_end
