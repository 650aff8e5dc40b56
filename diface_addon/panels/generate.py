"""The main panel: character, speech, settings and Generate."""

from __future__ import annotations

import bpy

from .. import compat
from ..core import channels
from ..jobs.setup import own_settings, prefetch
from ..scene.animation import active_curves
from ..scene.audio import audio_strip
from ..scene.characters import flame_mesh
from ..scene.files import library_override
from ..settings import performance, scene_settings
from . import engine
from .panel_base import PanelBase, draw_message, draw_status


class Main(PanelBase):
    """Character, speech, settings and Generate."""

    bl_label = "DiFACE"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        _draw_character(layout, context)
        _draw_audio(layout, context)
        _draw_settings(layout, context)
        _draw_generate(layout, context)
        prefetch.schedule_if_useful(context)
        own_settings.schedule_if_needed(context)


def _draw_character(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    settings, obj = performance.active(context), scene_settings.character(context)
    layout.prop(context.scene.diface, "character")
    if settings == context.scene.diface.new_character and not performance.needs_own(obj):
        layout.label(text="Settings that a new character starts with", icon="INFO")
    engine.draw(layout, context)
    count = len(active_curves.reached_channels(obj) & set(channels.FACE)) if obj and obj.type == "MESH" else 0
    if obj and obj.type == "MESH" and not (flame_mesh.is_flame(obj) and not count):
        row = layout.row(align=True)
        row.label(text=f"{count} of {len(channels.FACE)} ARKit shape keys found")
        if 0 < count < len(channels.FACE):
            row.operator("diface.list_missing_keys", text="", icon="INFO", emboss=False)
    uses_threediface = settings.engine != "DIFACE"
    if not count and not uses_threediface and not flame_mesh.is_flame(obj):
        layout.operator("diface.add_head", text="Add DiFACE Head", icon="USER")
    engine.draw_flame(layout, obj, uses_threediface)
    if library_override.needs_override(obj):
        layout.operator("diface.make_override", icon="LIBRARY_DATA_OVERRIDE")
    draw_message(layout, context, "characters")


def _draw_audio(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    settings = performance.active(context)
    layout.row().prop(settings, "source", expand=True)
    if settings.source == "FILE":
        layout.prop(settings, "filepath")
    else:
        layout.prop(settings, "strip", icon="SOUND")
        layout.operator("diface.load_audio", icon="FILE_SOUND")
    layout.prop(settings, "audio_channel")
    layout.prop(settings, "high_pass")


def _draw_settings(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    settings = performance.active(context)
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
        layout.row().prop(context.scene.diface, "quality", expand=True)
    settings.keys.draw_in(layout)


def _draw_generate(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    state = context.window_manager.diface
    row = layout.row(align=True)
    row.scale_y = 1.5
    if state.running:
        row.progress(factor=state.fraction, text=f"{state.fraction:.0%}")
        row.operator("diface.cancel", icon="X")
    elif _needs_only_sound(context):
        row.operator("diface.load_audio", text="Load Audio and Generate", icon="PLAY").generate = True
    else:
        row.operator("diface.generate", icon="PLAY")
    draw_status(layout, context, "generate")


def _needs_only_sound(context: bpy.types.Context) -> bool:
    """Return whether the character is ready and the scene has no sound strip."""
    settings, obj = performance.active(context), scene_settings.character(context)
    if settings.source != "STRIP" or settings.strip or audio_strip.list_strips(context) or not compat.HAS_AUDIO:
        return False
    return obj is not None and obj.type == "MESH" and active_curves.has_face(obj)
