"""What the panels have in common."""

from __future__ import annotations

import bpy


class PanelBase:
    """Mix-in: where the panels stand."""

    bl_region_type = "UI"
    bl_category = "DiFACE"


class SettingsPanel(PanelBase):
    """Mix-in: settings that do well as they are, out of the way until they are wanted."""

    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        self.layout.use_property_split = True
        self.layout.use_property_decorate = False
        self.draw_settings(self.layout, context.scene.diface)
