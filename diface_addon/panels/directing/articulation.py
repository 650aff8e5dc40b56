"""Articulation: strength and timing of the active take, without generating it again."""

from __future__ import annotations

import bpy

from ...core import articulation_controls
from .directing_panel import DirectingPanel


class Articulation(DirectingPanel):
    """Keyable settings of the character that change the active take at once."""

    bl_label = "Articulation"
    reset = "diface.reset_articulation"

    def draw_character(self, layout: bpy.types.UILayout, main: bpy.types.Object) -> None:
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
