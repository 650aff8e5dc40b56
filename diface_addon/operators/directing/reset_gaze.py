"""Reset Gaze: no target, and every setting of the gaze at its default."""

from __future__ import annotations

import bpy

from ...scene.animation import character_checks
from ...settings import scene_settings
from ...settings.directing import gaze_settings
from ..base.operator_base import OperatorBase


class DIFACE_OT_reset_gaze(OperatorBase, bpy.types.Operator):
    """Look at no target, and set the gaze to its defaults. The eyes of the active take are as they were generated"""

    bl_idname = "diface.reset_gaze"
    bl_label = "Reset Gaze"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        character_checks.check(scene_settings.character(context), ())

    def run(self, context: bpy.types.Context) -> str:
        animated = gaze_settings.reset(scene_settings.character(context))
        if animated:
            return f"Animated, so not reset: {', '.join(animated)}."
        return "The gaze is reset."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_reset_gaze,))
