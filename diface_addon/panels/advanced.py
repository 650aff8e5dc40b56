"""Variety, guidance scales, beats, and what is spoken."""

from __future__ import annotations

import bpy

from ..settings import performance
from .panel_base import SettingsPanel


class Advanced(SettingsPanel):
    """Variety, guidance scales, beats, and what is spoken."""

    bl_label = "Advanced"

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        settings = performance.active(context)
        layout.active = settings.engine == "DIFACE"
        layout.prop(settings, "variety", slider=True)
        guidance = layout.column(align=True)
        guidance.active = settings.parts != "HEAD"
        guidance.prop(settings, "guidance", slider=True)
        guidance.prop(settings, "style_guidance", slider=True)
        layout.prop(settings, "beats", slider=True)
        layout.prop(settings, "other_sounds")
        layout.operator("diface.reset_advanced", text="Reset", icon="LOOP_BACK")
