"""Which frames an export or a playblast covers."""

from __future__ import annotations

import bpy


def export_range(scene: bpy.types.Scene) -> tuple[int, int]:
    """First and last frame: the preview range where it is on, else the scene's."""
    if scene.use_preview_range:
        return scene.frame_preview_start, scene.frame_preview_end
    return scene.frame_start, scene.frame_end
