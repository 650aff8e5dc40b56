"""State of the running job, `window_manager.diface`: shown by panels, never saved or undone."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, FloatProperty, StringProperty


class DifaceState(bpy.types.PropertyGroup):
    """What goes on now, at `window_manager.diface`: for the panels to show, never saved or undone."""

    running: BoolProperty(options={"SKIP_SAVE"})
    fraction: FloatProperty(min=0.0, max=1.0, options={"SKIP_SAVE"})
    stage: StringProperty(options={"SKIP_SAVE"})
    message: StringProperty(options={"SKIP_SAVE"})
    worker_versions: StringProperty(options={"SKIP_SAVE"})
    copied_pose: StringProperty(description="What Copy Pose took, as JSON", options={"SKIP_SAVE"})
