"""The takes that there are, and which one plays."""

from __future__ import annotations

import bpy

from .. import properties
from ..scene import take_cache, takes, vertex_cache
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
            row = column.row(align=True)
            row.operator("diface.use_take", text=actions[0].name, icon=icon, depress=take in active).take = take
            row.operator("diface.delete_take", text="", icon="X").take = take
        if obj and obj.type == "MESH":
            _caches(self.layout, obj, list(found.values()))


def _caches(layout: bpy.types.UILayout, obj: bpy.types.Object, found: list[list[bpy.types.Action]]) -> None:
    """What can be done for the files of vertex animations."""
    cached = [actions for actions in found if take_cache.of(obj, actions)]
    if not cached:
        return
    if vertex_cache.missing(obj):
        layout.label(text="The vertex animation's file is missing", icon="ERROR")
        layout.operator("diface.restore_cache", icon="FILE_REFRESH")
    elif not all(take_cache.is_packed(actions) for actions in cached):
        layout.operator("diface.pack_cache", icon="PACKAGE")
