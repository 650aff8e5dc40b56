"""The takes that there are, and which one plays."""

from __future__ import annotations

import bpy

from .. import properties
from ..scene import takes
from .panel import Panel


class Takes(Panel):
    bl_label = "Takes"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        found, obj = takes.all_takes(), properties.character(context)
        active = takes.active_takes(obj, found) if obj else set()
        if not found:
            self.layout.label(text="None yet: press Generate")
        column = self.layout.column(align=True)
        for take, actions in found.items():
            icon = "RADIOBUT_ON" if take in active else "RADIOBUT_OFF"
            column.operator("diface.use_take", text=actions[0].name, icon=icon, depress=take in active).take = take
