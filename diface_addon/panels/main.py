"""The panel itself: who speaks, what is said, and the button."""

from __future__ import annotations

import textwrap

import bpy

from ..scene.audio import audio_strip
from ..scene.characters import flame_mesh, shape_key_names
from ..settings import scene_settings
from . import engine
from .panel_base import PanelBase

LETTER_WIDTH = 8
"""Pixels that a letter takes, about, for messages of several lines."""


class Main(PanelBase):
    bl_label = "DiFACE"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        engine.draw(layout, context)
        _character(layout, context)
        _audio(layout, context)
        _settings(layout, context)
        _generate_button(layout, context)


def _character(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    settings = context.scene.diface
    layout.prop(settings, "character")
    obj = scene_settings.character(context)
    keys = len(shape_key_names.face_shape_keys(obj)) if obj else 0
    if obj and obj.type == "MESH" and not (flame_mesh.is_flame(obj) and not keys):
        layout.label(text=f"{obj.name}: {keys or 'no'} face shape keys", icon="BLANK1")
    own = settings.engine != "DIFACE"
    if not keys and not own and not flame_mesh.is_flame(obj):
        layout.operator("diface.add_head", text="Add DiFACE Head", icon="USER")
    engine.draw_flame(layout, obj, own)


def _audio(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    settings = context.scene.diface
    layout.row().prop(settings, "source", expand=True)
    if settings.source == "FILE":
        layout.prop(settings, "filepath")
        return
    layout.prop(settings, "strip", icon="SOUND")
    if not audio_strip.list_strips(context):
        layout.operator("diface.load_audio", icon="FILE_SOUND")


def _settings(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    settings = context.scene.diface
    layout.row().prop(settings, "parts", expand=True)
    strengths = layout.column(align=True)
    if settings.parts != "HEAD":
        strengths.prop(settings, "face_strength", slider=True)
    if settings.parts != "FACE":
        strengths.prop(settings, "head_strength", slider=True)
    row = layout.row(align=True)
    row.prop(settings, "seed")
    row.operator("diface.new_seed", text="", icon="FILE_REFRESH").setting = "seed"
    if settings.engine == "DIFACE":
        layout.row().prop(settings, "quality", expand=True)


def _generate_button(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    state = context.window_manager.diface
    if state.running:
        layout.progress(factor=state.fraction, text=state.stage)
        layout.operator("diface.cancel", icon="X")
        return
    row = layout.row()
    row.scale_y = 1.5
    row.operator("diface.generate", icon="PLAY")
    if state.message:
        column = layout.column(align=True)
        width = context.region.width if context.region else 40 * LETTER_WIDTH
        for line in textwrap.wrap(state.message, max(20, width // LETTER_WIDTH)):
            column.label(text=line)
