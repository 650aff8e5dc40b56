"""Gaze: what the character looks at."""

from __future__ import annotations

import bpy

from ...core import gaze_controls
from ...scene.directing.gaze import aim
from ...settings import scene_settings
from ...settings.directing import direction_settings
from ..panel_base import SettingsPanel


class Gaze(SettingsPanel):
    """Keyable settings of the gaze at a target, which change the active take at once."""

    bl_label = "Gaze"

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        main = scene_settings.character(context)
        if main is None or main.type != "MESH":
            layout.label(text="No character is selected")
            return
        settings = main.diface.gaze
        row = layout.row(align=True, heading="Gaze Target")
        row.prop(settings, "use", text="")
        seed = row.row(align=True)
        seed.active = settings.use
        seed.prop(settings, "seed", text="Seed")
        column = layout.column()
        column.active = settings.use
        column.row().prop(settings, "look_at", expand=True)
        if settings.look_at == "OBJECT":
            column.prop(settings, "target")
        aimed = direction_settings.gaze_aim(main)
        reason = aim.problem(main, aimed) if aimed else ""
        if reason:
            column.label(text=reason, icon="ERROR")
        column = column.column(align=True)
        column.use_property_decorate = True
        for name in gaze_controls.CONTROLS:
            column.prop(settings, name)
        row = layout.row(align=True)
        row.operator("diface.apply_articulation", text="Apply", icon="FILE_REFRESH")
        row.operator("diface.reset_gaze", text="Reset", icon="LOOP_BACK")
