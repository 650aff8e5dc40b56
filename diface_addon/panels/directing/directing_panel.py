"""Base class of the panels of what directs the active takes of a character."""

from __future__ import annotations

import bpy

from ...settings import scene_settings
from ..panel_base import SettingsPanel


class DirectingPanel(SettingsPanel):
    """Mix-in for a panel of keyable settings of the character, with Apply and Reset below them."""

    reset = ""
    """Identifier of the operator that resets the settings."""

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        main = scene_settings.character(context)
        if main is None or main.type != "MESH":
            layout.label(text="No character is selected")
            return
        self.draw_character(layout, main)
        row = layout.row(align=True)
        row.operator("diface.apply_articulation", text="Apply", icon="FILE_REFRESH")
        row.operator(self.reset, text="Reset", icon="LOOP_BACK")

    def draw_character(self, layout: bpy.types.UILayout, main: bpy.types.Object) -> None:
        """Draw the settings of a character, by its main mesh."""
        raise NotImplementedError


def draw_switch(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup, heading: str) -> None:
    """Draw whether settings are used, and their seed."""
    row = layout.row(align=True, heading=heading)
    row.prop(settings, "use", text="")
    seed = row.row(align=True)
    seed.active = settings.use
    seed.prop(settings, "seed", text="Seed")
