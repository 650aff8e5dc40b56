"""Scale of the head motion about each axis."""

from __future__ import annotations

import bpy

from .panel_base import SettingsPanel


class Head(SettingsPanel):
    """Scale of the head motion."""

    bl_label = "Head"

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        settings = context.scene.diface
        layout.active = settings.parts != "FACE"
        column = layout.column(align=True)
        for index, name in enumerate(("Nod", "Tilt", "Turn")):
            column.prop(settings, "head_axes", index=index, text=name, slider=True)
