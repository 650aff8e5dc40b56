"""Reset Mood: every intensity at 0."""

from __future__ import annotations

import bpy

from ...scene.animation import character_checks
from ...settings import scene_settings
from ...settings.directing import mood_settings
from ..base.operator_base import OperatorBase


class DIFACE_OT_reset_mood(OperatorBase, bpy.types.Operator):
    """Set the intensities of all moods to 0"""

    bl_idname = "diface.reset_mood"
    bl_label = "Reset Mood"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        character_checks.check(scene_settings.character(context), ())

    def run(self, context: bpy.types.Context) -> str:
        animated = mood_settings.reset(scene_settings.character(context))
        if animated:
            return f"Animated, so not reset: {', '.join(animated)}."
        return "The mood is reset."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_reset_mood,))
