"""Style of the face."""

from __future__ import annotations

import bpy

from ..settings import performance
from .panel_base import SettingsPanel, draw_status


class Style(SettingsPanel):
    """Style of the face."""

    bl_label = "Style"

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        settings = performance.active(context)
        layout.active = settings.parts != "HEAD" and settings.engine == "DIFACE"
        for name in ("style", "second_style"):
            row = layout.row(align=True)
            row.prop(settings, name, placeholder="Default" if name == "style" else "")
            row.operator("diface.load_style", text="", icon="FILE_FOLDER").second = name == "second_style"
        if settings.second_style:
            layout.prop(settings, "style_mix", slider=True)
        layout.prop(settings, "style_strength", text="Strength", slider=True)
        row = layout.row(align=True)
        row.operator("diface.personalise", icon="USER")
        row.operator("diface.export_style", text="", icon="EXPORT")
        draw_status(layout, context, "styles")
