"""The takes that there are, which one plays, and what can be done with the chosen one."""

from __future__ import annotations

import bpy

from ..scene.takes import ghost, take_index, take_list
from ..scene.vertex_animation import take_cache, vertex_cache
from ..settings import scene_settings
from . import take_rows
from .panel_base import PanelBase


class Takes(PanelBase):
    bl_label = "Takes"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, obj = self.layout, scene_settings.character(context)
        chosen = take_rows.refresh_entries(obj)
        if chosen is None:
            layout.label(text="None yet: press Generate")
            return
        row = layout.row()
        manager = context.window_manager
        row.template_list(
            "DIFACE_UL_takes", "", bpy.data, "actions", manager, take_rows.INDEX_PROPERTY, rows=4, maxrows=10
        )
        _draw_side_buttons(row.column(align=True), chosen)
        _draw_take_buttons(layout, chosen)
        if obj and obj.type == "MESH":
            _draw_cache_buttons(layout, obj, list(take_index.all_takes().values()))


def _draw_side_buttons(column: bpy.types.UILayout, chosen: take_list.TakeEntry) -> None:
    column.operator("diface.duplicate_take", text="", icon="DUPLICATE").take = chosen.take
    column.operator("diface.delete_take", text="", icon="X").take = chosen.take
    second = ghost.find_ghost()
    depress = second is not None and ghost.ghost_take(second) == chosen.take
    for place, icon in (("BESIDE", "GHOST_ENABLED"), ("THROUGH", "SHADING_WIRE")):
        settings = column.operator("diface.compare_take", text="", icon=icon, depress=depress)
        settings.take, settings.place = chosen.take, place


def _draw_take_buttons(layout: bpy.types.UILayout, chosen: take_list.TakeEntry) -> None:
    layout.operator("diface.make_more", text="Generate 4 Variations", icon="ADD").count = 4
    row = layout.row(align=True)
    spliced = row.operator("diface.splice_take", text="Splice", icon="UV_SYNC_SELECT")
    spliced.other = "" if chosen.is_active else chosen.name  # the one that plays is spliced into
    row.operator("diface.push_down_take", text="To NLA", icon="NLA_PUSHDOWN").take = chosen.take
    row.operator("diface.bake_take", text="Bake", icon="ACTION").take = chosen.take


def _draw_cache_buttons(
    layout: bpy.types.UILayout, obj: bpy.types.Object, all_takes: list[list[bpy.types.Action]]
) -> None:
    """What can be done for the files of vertex animations."""
    cached = [actions for actions in all_takes if take_cache.cache_file(obj, actions)]
    if not cached:
        return
    if vertex_cache.is_file_missing(obj):
        layout.label(text="The vertex animation's file is missing", icon="ERROR")
        layout.operator("diface.restore_cache", icon="FILE_REFRESH")
    elif not all(take_cache.is_packed(actions) for actions in cached):
        layout.operator("diface.pack_cache", icon="PACKAGE")
