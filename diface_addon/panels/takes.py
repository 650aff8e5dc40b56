"""The list of takes, and the operators on the chosen one."""

from __future__ import annotations

import bpy

from ..scene.animation.lost_shapes import find_lost_shapes
from ..scene.comparison import ghost
from ..scene.takes import take_index, take_list
from ..scene.vertex_animation import take_cache, vertex_cache
from ..settings import scene_settings
from . import take_rows
from .panel_base import PanelBase, draw_status, letters_per_line, wrap_lines
from .variations import variation_buttons

LOST_NAMES = 6
"""Largest number of shape keys that are named; of more, the others are counted."""
VISIBLE_ROWS = 6
"""Rows of the list. It has this height always, so that no button moves when a take is added."""


class Takes(PanelBase):
    """Takes of the character."""

    bl_label = "Takes"

    def draw(self, context: bpy.types.Context) -> None:
        layout, obj = self.layout, scene_settings.character(context)
        chosen = take_rows.refresh_entries(obj)
        row = layout.row()
        row.template_list(
            "DIFACE_UL_takes",
            "",
            bpy.data,
            "actions",
            context.window_manager,
            take_rows.INDEX_PROPERTY,
            rows=VISIBLE_ROWS,
            maxrows=VISIBLE_ROWS,
        )
        _draw_side_buttons(row.column(align=True), chosen)
        layout.label(text=take_rows.details(chosen) if chosen else "No takes yet: press Generate")
        _draw_take_buttons(layout, context.scene.diface, chosen)
        variation_buttons.draw(layout, obj)
        if obj and obj.type == "MESH":
            _draw_lost_shapes(layout, context, obj)
            _draw_cache_buttons(layout, obj, list(take_index.all_takes().values()))
        draw_status(layout, context, "takes")


def _draw_side_buttons(column: bpy.types.UILayout, chosen: take_list.TakeEntry | None) -> None:
    column.enabled = chosen is not None
    take = chosen.take if chosen else ""
    column.operator("diface.duplicate_take", text="", icon="DUPLICATE").take = take
    column.operator("diface.delete_take", text="", icon="X").take = take
    shown = ghost.find_ghost()
    depress = shown is not None and ghost.ghost_take(shown) == take
    for place, icon in (("BESIDE", "GHOST_ENABLED"), ("THROUGH", "XRAY")):
        settings = column.operator("diface.compare_take", text="", icon=icon, depress=depress)
        settings.take, settings.place = take, place
    column.separator()
    column.menu("DIFACE_MT_takes", text="", icon="DOWNARROW_HLT")


def _draw_take_buttons(
    layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup, chosen: take_list.TakeEntry | None
) -> None:
    variations = layout.row(align=True).split(factor=0.75, align=True)
    variations.operator("diface.generate_variations", icon="ADD")
    variations.prop(settings, "variations", text="")
    layout.operator("diface.import_recording", icon="IMPORT")
    row = layout.row(align=True)
    row.enabled = chosen is not None and not chosen.error
    spliced = row.operator("diface.splice_take", text="Splice", icon="UV_SYNC_SELECT")
    spliced.other = "" if chosen is None or chosen.is_active else chosen.name  # the active take is spliced into
    take = chosen.take if chosen else ""
    row.operator("diface.set_keys", text="Keys", icon="KEYFRAME").take = take
    row = layout.row(align=True)
    row.enabled = chosen is not None and not chosen.error
    row.operator("diface.push_down_take", text="To NLA", icon="NLA_PUSHDOWN").take = take
    row.operator("diface.bake_take", text="Bake", icon="ACTION").take = take


def _draw_lost_shapes(layout: bpy.types.UILayout, context: bpy.types.Context, obj: bpy.types.Object) -> None:
    """Draw which shape keys that the take moves are gone, as after they were renamed in a linked file."""
    lost = find_lost_shapes(obj)
    if not lost:
        return
    named = ", ".join(lost[:LOST_NAMES]) + (f" and {len(lost) - LOST_NAMES} more" if len(lost) > LOST_NAMES else "")
    text = f"The take moves shape keys that {obj.name} no longer has: {named}. Rename them back, or generate again."
    column = layout.column(align=True)
    for index, line in enumerate(wrap_lines(text, letters_per_line(context))):
        column.label(text=line, icon="ERROR" if index == 0 else "BLANK1")


def _draw_cache_buttons(
    layout: bpy.types.UILayout, obj: bpy.types.Object, all_takes: list[list[bpy.types.Action]]
) -> None:
    """Draw the operators on the files of vertex animations."""
    cached = [actions for actions in all_takes if take_cache.cache_file(obj, actions)]
    if not cached:
        return
    if vertex_cache.is_file_missing(obj):
        layout.label(text="The file of the vertex animation is missing", icon="ERROR")
        layout.operator("diface.restore_cache", icon="FILE_REFRESH")
    elif not all(take_cache.is_packed(actions) for actions in cached):
        layout.operator("diface.pack_cache", icon="PACKAGE")


class DIFACE_MT_takes(bpy.types.Menu):
    """More operators on takes"""

    bl_label = "Takes"

    def draw(self, context: bpy.types.Context) -> None:
        self.layout.operator_context = "INVOKE_DEFAULT"
        self.layout.operator("diface.convert_take", icon="TIME")
        self.layout.operator("diface.delete_unstarred", icon="TRASH")
