"""What is pinned, what is made anew, and how."""

from __future__ import annotations

import bpy

from ..scene.pins import sculpt
from ..settings import scene_settings
from .panel_base import PanelBase


class Edit(PanelBase):
    bl_label = "Edit"

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = self.layout, context.scene.diface.edit
        layout.use_property_decorate = False
        layout.prop(settings, "live", toggle=True, icon="REC")
        _regions(layout, settings)
        _pins(layout)
        _sculpt(layout, scene_settings.character(context))
        _regenerate(layout, settings)
        _swap(layout, settings)


def _regions(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    grid = layout.grid_flow(columns=4, even_columns=True, align=True)
    grid.prop(settings, "regions", expand=True)


def _pins(layout: bpy.types.UILayout) -> None:
    row = layout.row(align=True)
    row.operator("diface.pin_pose", icon="PINNED")
    row.operator("diface.unpin", text="Unpin", icon="UNPINNED")
    row.operator("diface.unpin_all", text="All", icon="X")
    row = layout.row(align=True)
    row.operator("diface.copy_pose", icon="COPYDOWN")
    row.operator("diface.paste_pose", icon="PASTEDOWN")


def _sculpt(layout: bpy.types.UILayout, obj: bpy.types.Object | None) -> None:
    if not sculpt.is_running(obj):
        layout.operator("diface.sculpt_pose", icon="SCULPTMODE_HLT")
        return
    box = layout.box()
    box.label(text=f"Sculpt or edit the pose of frame {sculpt.sculpt_frame(obj):g}", icon="SCULPTMODE_HLT")
    row = box.row(align=True)
    row.operator("diface.pin_sculpt", icon="PINNED")
    row.operator("diface.discard_sculpt", text="Discard", icon="X")


def _regenerate(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    column = layout.column(align=True)
    column.use_property_split = True
    column.prop(settings, "falloff")
    column.prop(settings, "keep_motion", slider=True)
    row = layout.row(align=True)
    row.scale_y = 1.5
    row.operator("diface.regenerate", text="Regenerate", icon="FILE_REFRESH").where = "AROUND"
    row.operator("diface.regenerate", text="All").where = "ALL"
    row = layout.row(align=True)
    row.prop(settings, "frame_choice", text="")
    row.operator("diface.in_between", icon="IPO_EASE_IN_OUT")


def _swap(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    row = layout.row(align=True)
    row.prop(settings, "swaps", text="")
    row.operator("diface.swap_keyframes", icon="ARROW_LEFTRIGHT")
