"""Articulation: strength and timing of the active take, without generating it again."""

from __future__ import annotations

import bpy

from ...core import articulation_controls
from ...settings import scene_settings
from ..panel_base import SettingsPanel


class Articulation(SettingsPanel):
    """Keyable settings of the character that change the active take at once."""

    bl_label = "Articulation"

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        main = scene_settings.character(context)
        if main is None or main.type != "MESH":
            layout.label(text="No character is selected")
            return
        layout.use_property_decorate = True
        settings = main.diface.articulation
        for names in (articulation_controls.PART_CHANNELS, articulation_controls.TIMING):
            column = layout.column(align=True)
            for name in names:
                column.prop(settings, name)
        if len(settings.gains):
            column = layout.column(align=True)
            for item in settings.gains:
                row = column.row(align=True)
                row.prop(item, "gain", text=item.name)
                row.operator("diface.remove_channel_gain", text="", icon="X").channel = item.name
        layout.operator("diface.add_channel_gain", icon="ADD")
        row = layout.row(align=True)
        row.operator("diface.apply_articulation", text="Apply", icon="FILE_REFRESH")
        row.operator("diface.reset_articulation", text="Reset", icon="LOOP_BACK")
