"""Apply Articulation: read the settings of articulation, mood and gaze that have F-curves or drivers again."""

from __future__ import annotations

import bpy

from ...settings import scene_settings
from ...settings.directing import direction_settings
from .directing_operator import DirectingOperator


class DIFACE_OT_apply_articulation(DirectingOperator, bpy.types.Operator):
    """Apply articulation, mood and gaze to the active take again, after their F-curves or drivers changed"""

    bl_idname = "diface.apply_articulation"
    bl_label = "Apply Articulation"

    def run(self, context: bpy.types.Context) -> str:
        direction_settings.apply(scene_settings.character(context))
        return "Applied articulation, mood and gaze."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_apply_articulation,))
