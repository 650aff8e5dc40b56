"""Mood: what the character shows besides the speech."""

from __future__ import annotations

import bpy

from ...core import mood_controls
from .directing_panel import DirectingPanel, draw_switch


class Mood(DirectingPanel):
    """Keyable intensities of moods, which change the active take at once."""

    bl_label = "Mood"
    reset = "diface.reset_mood"

    def draw_character(self, layout: bpy.types.UILayout, main: bpy.types.Object) -> None:
        settings = main.diface.mood
        draw_switch(layout, settings, "Mood")
        column = layout.column(align=True)
        column.active = settings.use
        column.use_property_decorate = True
        for name in mood_controls.NAMES:
            column.prop(settings, name)
