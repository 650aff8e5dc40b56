"""Gaze: what the character looks at."""

from __future__ import annotations

import bpy

from ...core import gaze_controls
from ...scene.directing.gaze import aim
from ...settings.directing import direction_settings
from .directing_panel import DirectingPanel, draw_switch


class Gaze(DirectingPanel):
    """Keyable settings of the gaze at a target, which change the active take at once."""

    bl_label = "Gaze"
    reset = "diface.reset_gaze"

    def draw_character(self, layout: bpy.types.UILayout, main: bpy.types.Object) -> None:
        settings = main.diface.gaze
        draw_switch(layout, settings, "Gaze Target")
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
