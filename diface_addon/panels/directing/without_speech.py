"""Idle and Listen: what the character does when it says nothing."""

from __future__ import annotations

import bpy

from ...settings import performance
from ..panel_base import SettingsPanel, draw_status


class WithoutSpeech(SettingsPanel):
    """Takes of a character that says nothing."""

    bl_label = "Idle and Listen"

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        settings = performance.active(context)
        layout.operator("diface.idle", icon="PLAY")
        column = layout.column(align=True)
        column.prop(settings, "listen_to", icon="SOUND")
        column.prop(settings, "speaker")
        column.prop(settings, "reactions", slider=True)
        layout.operator("diface.listen", icon="PLAY")
        draw_status(layout, context, "without_speech")
