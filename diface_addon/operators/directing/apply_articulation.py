"""Apply Articulation: read settings that have F-curves or drivers again."""

from __future__ import annotations

import bpy

from ...scene.animation import character_checks
from ...settings import scene_settings
from ...settings.directing import direction_settings
from ..base.operator_base import OperatorBase


class DIFACE_OT_apply_articulation(OperatorBase, bpy.types.Operator):
    """Apply the articulation settings to the active take again, after their F-curves or drivers changed"""

    bl_idname = "diface.apply_articulation"
    bl_label = "Apply Articulation"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        character_checks.check(scene_settings.character(context), ())

    def run(self, context: bpy.types.Context) -> str:
        direction_settings.apply(scene_settings.character(context))
        return "Applied the articulation."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_apply_articulation,))
