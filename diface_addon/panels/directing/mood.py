"""Mood: what the character shows besides the speech."""

from __future__ import annotations

import bpy

from ...core import mood_controls
from ...settings import scene_settings
from ..panel_base import SettingsPanel


class Mood(SettingsPanel):
    """Keyable intensities of moods, which change the active take at once."""

    bl_label = "Mood"

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        main = scene_settings.character(context)
        if main is None or main.type != "MESH":
            layout.label(text="No character is selected")
            return
        settings = main.diface.mood
        row = layout.row(align=True, heading="Mood")
        row.prop(settings, "use", text="")
        seed = row.row(align=True)
        seed.active = settings.use
        seed.prop(settings, "seed", text="Seed")
        column = layout.column(align=True)
        column.active = settings.use
        column.use_property_decorate = True
        for name in mood_controls.NAMES:
            column.prop(settings, name)
        row = layout.row(align=True)
        row.operator("diface.apply_articulation", text="Apply", icon="FILE_REFRESH")
        row.operator("diface.reset_mood", text="Reset", icon="LOOP_BACK")
