"""Reset Articulation: every setting at its default, so that the active take is as generated."""

from __future__ import annotations

import bpy

from ...scene.animation import character_checks
from ...settings import scene_settings
from ...settings.directing import articulation_settings
from ..base.operator_base import OperatorBase


class DIFACE_OT_reset_articulation(OperatorBase, bpy.types.Operator):
    """Set the articulation to its defaults and remove the gains of channels. The active take is as it was generated"""

    bl_idname = "diface.reset_articulation"
    bl_label = "Reset Articulation"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        character_checks.check(scene_settings.character(context), ())

    def run(self, context: bpy.types.Context) -> str:
        obj = scene_settings.character(context)
        animated = articulation_settings.reset(obj)
        if animated:
            return f"Animated, so not reset: {', '.join(animated)}."
        return "The articulation is reset."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_reset_articulation,))
