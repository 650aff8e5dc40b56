"""Reset Advanced: set the advanced settings back to their defaults."""

from __future__ import annotations

import bpy

from ...settings import performance
from ..base.operator_base import OperatorBase

ADVANCED = ("variety", "guidance", "style_guidance", "beats", "other_sounds")
"""Settings of the panel Advanced."""


class DIFACE_OT_reset_advanced(OperatorBase, bpy.types.Operator):
    """Set all advanced settings back to their defaults"""

    bl_idname = "diface.reset_advanced"
    bl_label = "Reset Advanced"
    bl_options = {"REGISTER", "UNDO"}

    def run(self, context: bpy.types.Context) -> None:
        settings = performance.to_change(context)
        for name in ADVANCED:
            settings.property_unset(name)


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_reset_advanced,))
