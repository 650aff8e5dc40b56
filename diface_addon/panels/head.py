"""Settings of the head and of the layers: scale about each axis; blinks, gaze, breath and tongue."""

from __future__ import annotations

import bpy

from ..settings import choices, performance
from .panel_base import SettingsPanel


class Head(SettingsPanel):
    """Scale of the head motion."""

    bl_label = "Head"

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        settings = performance.active(context)
        layout.active = settings.parts != "FACE"
        column = layout.column(align=True)
        for index, name in enumerate(("Nod", "Tilt", "Turn")):
            column.prop(settings, "head_axes", index=index, text=name, slider=True)


class Eyes(SettingsPanel):
    """Blinks, gaze, breath and tongue."""

    bl_label = "Eyes, Breath & Tongue"

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        settings = performance.active(context)
        layout.active = settings.parts != "HEAD" and settings.engine == "DIFACE"
        for name in choices.LAYER_NAMES:
            row = layout.row(align=True, heading=name.capitalize())
            row.prop(settings, name, text="")
            seed = row.row(align=True)
            seed.active = getattr(settings, name)
            seed.prop(settings, f"{name}_seed", text="")
            seed.operator("diface.new_seed", text="", icon="FILE_REFRESH").setting = f"{name}_seed"
        layout.prop(settings, "tongue", slider=True)
