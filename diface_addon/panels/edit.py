"""Regions, pins, and the edits that regenerate motion."""

from __future__ import annotations

import bpy

from ..jobs.live_mode import live
from ..jobs.recordings import gaps
from ..scene.pins import pinned_frames, sculpt
from ..settings import scene_settings
from .panel_base import PanelBase, draw_status


class Edit(PanelBase):
    """Pins, regions and edits."""

    bl_label = "Edit"

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = self.layout, context.scene.diface.edit
        layout.use_property_decorate = False
        obj = scene_settings.character(context)
        _draw_live(layout, settings)
        _draw_regions(layout, settings)
        _draw_pins(layout, obj)
        _draw_sculpt(layout, obj)
        _draw_regenerate(layout, settings)
        if gaps.has_gaps(obj):
            layout.operator("diface.fill_gaps", icon="MOD_TIME")
        _draw_swap(layout, settings)
        draw_status(layout, context, "edit")


def _draw_live(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    editor = live.current() if settings.live else None
    state = "Off" if editor is None else "Updating" if editor.is_updating else "Waiting for Changes"
    layout.prop(settings, "live", text=f"Live: {state}", toggle=True, icon="REC")


def _draw_regions(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    column = layout.column(align=True)
    column.label(text="Regions to Edit")
    grid = column.grid_flow(columns=4, even_columns=True, align=True)
    grid.prop(settings, "regions", expand=True)


def _draw_pins(layout: bpy.types.UILayout, obj: bpy.types.Object | None) -> None:
    column = layout.column(align=True)
    row = column.row(align=True)
    row.operator("diface.pin_pose", icon="PINNED")
    row.operator("diface.unpin", text="Unpin")
    row.operator("diface.unpin_all", text="Unpin All")
    row = column.row(align=True)
    row.operator("diface.copy_pose", icon="COPYDOWN")
    row.operator("diface.paste_pose", icon="PASTEDOWN")
    count = len(pinned_frames.find(obj))
    row = column.row(align=True)
    row.operator("diface.jump_to_pin", text="", icon="PREV_KEYFRAME").to = "PREVIOUS"
    menu = row.row(align=True)
    menu.enabled = count > 0
    menu.menu("DIFACE_MT_pinned_frames", text=f"{count or 'No'} Pinned Frame{'' if count == 1 else 's'}")
    row.operator("diface.jump_to_pin", text="", icon="NEXT_KEYFRAME").to = "NEXT"


def _draw_sculpt(layout: bpy.types.UILayout, obj: bpy.types.Object | None) -> None:
    obj = sculpt.sculpted_mesh(obj, None) if obj is not None else None
    if not sculpt.is_running(obj):
        layout.operator("diface.sculpt_pose", icon="SCULPTMODE_HLT")
        return
    box = layout.box()
    box.label(text=f"Sculpt or edit the pose of frame {sculpt.sculpt_frame(obj):g}", icon="SCULPTMODE_HLT")
    row = box.row(align=True)
    row.operator("diface.pin_sculpt", icon="PINNED")
    row.operator("diface.discard_sculpt", text="Discard", icon="X")


def _draw_regenerate(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    column = layout.column(align=True)
    column.use_property_split = True
    column.prop(settings, "falloff")
    column.prop(settings, "keep_motion", slider=True)
    row = layout.row(align=True)
    row.scale_y = 1.5
    row.operator("diface.regenerate", text="Regenerate", icon="FILE_REFRESH").where = "AROUND"
    row.operator("diface.regenerate", text="Regenerate All").where = "ALL"
    row.operator("diface.make_variations", text="", icon="RENDERLAYERS").what = "TAKE"
    row = layout.row(align=True)
    row.prop(settings, "frame_choice", text="")
    row.operator("diface.in_between", icon="IPO_EASE_IN_OUT")
    row.operator("diface.make_variations", text="", icon="RENDERLAYERS").what = "FRAMES"


def _draw_swap(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    column = layout.column(align=True)
    row = column.row(align=True)
    row.prop(settings, "swap_choice", text="")
    row.operator("diface.swap_keyframes", icon="ARROW_LEFTRIGHT")
    frames = column.row(align=True)
    frames.enabled = settings.swap_choice == "FRAMES"
    frames.prop(settings, "swap_first", text="Frame")
    frames.prop(settings, "swap_second", text="With")


class DIFACE_MT_pinned_frames(bpy.types.Menu):
    """Pinned frames of the character; choose one to move the playhead to it"""

    bl_label = "Pinned Frames"

    def draw(self, context: bpy.types.Context) -> None:
        for frame in pinned_frames.find(scene_settings.character(context)):
            jump = self.layout.operator("diface.jump_to_pin", text=f"Frame {frame:g}")
            jump.to, jump.frame = "FRAME", frame
