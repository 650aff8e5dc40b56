"""Style, head, eyes and breath, and what is rarely touched."""

from __future__ import annotations

import bpy

from ..settings import choices, scene_settings
from .panel_base import SettingsPanel


class Style(SettingsPanel):
    bl_label = "Style"

    def draw_settings(self, layout: bpy.types.UILayout, settings: scene_settings.DifaceSettings) -> None:
        layout.active = settings.parts != "HEAD" and settings.engine == "DIFACE"
        for name in ("style", "second_style"):
            row = layout.row(align=True)
            row.prop(settings, name)
            row.operator("diface.load_style", text="", icon="FILE_FOLDER").second = name == "second_style"
        if settings.second_style:
            layout.prop(settings, "style_mix", slider=True)
        layout.prop(settings, "style_strength", text="Strength", slider=True)
        row = layout.row(align=True)
        row.operator("diface.personalise", icon="USER")
        row.operator("diface.export_style", text="", icon="EXPORT")


class Head(SettingsPanel):
    bl_label = "Head"

    def draw_settings(self, layout: bpy.types.UILayout, settings: scene_settings.DifaceSettings) -> None:
        layout.active = settings.parts != "FACE"
        column = layout.column(align=True)
        for index, name in enumerate(("Nod", "Tilt", "Turn")):
            column.prop(settings, "head_axes", index=index, text=name, slider=True)


class Eyes(SettingsPanel):
    bl_label = "Eyes & Breath"

    def draw_settings(self, layout: bpy.types.UILayout, settings: scene_settings.DifaceSettings) -> None:
        layout.active = settings.parts != "HEAD" and settings.engine == "DIFACE"
        for name in choices.LAYER_NAMES:
            row = layout.row(align=True, heading=name.capitalize())
            row.prop(settings, name, text="")
            seed = row.row(align=True)
            seed.active = getattr(settings, name)
            seed.prop(settings, f"{name}_seed", text="")
            seed.operator("diface.new_seed", text="", icon="FILE_REFRESH").setting = f"{name}_seed"


class Advanced(SettingsPanel):
    bl_label = "Advanced"

    def draw_settings(self, layout: bpy.types.UILayout, settings: scene_settings.DifaceSettings) -> None:
        layout.active = settings.engine == "DIFACE"
        layout.prop(settings, "variety", slider=True)
        guidance = layout.column(align=True)
        guidance.active = settings.parts != "HEAD"
        guidance.prop(settings, "guidance")
        guidance.prop(settings, "style_guidance")
