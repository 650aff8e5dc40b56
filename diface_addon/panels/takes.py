"""The takes that there are, which one plays, and what can be done with the chosen one."""

from __future__ import annotations

import bpy

from ..scene.takes import compare, take_list, takes
from ..scene.vertex_animation import take_cache, vertex_cache
from ..settings import scene_settings
from . import take_rows
from .panel import Panel


class Takes(Panel):
    bl_label = "Takes"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, obj = self.layout, scene_settings.character(context)
        chosen = take_rows.find(obj)
        if chosen is None:
            layout.label(text="None yet: press Generate")
            return
        row = layout.row()
        manager = context.window_manager
        row.template_list("DIFACE_UL_takes", "", bpy.data, "actions", manager, take_rows.INDEX, rows=4, maxrows=10)
        _beside(row.column(align=True), chosen)
        _below(layout, chosen)
        if obj and obj.type == "MESH":
            _caches(layout, obj, list(takes.all_takes().values()))


def _beside(column: bpy.types.UILayout, chosen: take_list.Entry) -> None:
    column.operator("diface.duplicate_take", text="", icon="DUPLICATE").take = chosen.take
    column.operator("diface.delete_take", text="", icon="X").take = chosen.take
    second = compare.shown()
    depress = second is not None and compare.take_of(second) == chosen.take
    for place, icon in (("BESIDE", "GHOST_ENABLED"), ("THROUGH", "SHADING_WIRE")):
        settings = column.operator("diface.compare_take", text="", icon=icon, depress=depress)
        settings.take, settings.place = chosen.take, place


def _below(layout: bpy.types.UILayout, chosen: take_list.Entry) -> None:
    layout.operator("diface.make_more", text="Make 4 More", icon="ADD").count = 4
    row = layout.row(align=True)
    spliced = row.operator("diface.splice_take", text="Splice", icon="UV_SYNC_SELECT")
    spliced.other = "" if chosen.plays else chosen.name  # the one that plays is spliced into
    row.operator("diface.push_down_take", text="To NLA", icon="NLA_PUSHDOWN").take = chosen.take
    row.operator("diface.bake_take", text="Bake", icon="ACTION").take = chosen.take


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
