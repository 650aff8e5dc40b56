"""The panel DiFACE, in the sidebar of the 3D viewport and of the Sequencer."""

from __future__ import annotations

import textwrap

import bpy

from . import properties
from .scene import audio_strip, frame_range, rig_map, takes

PLACES = ("VIEW_3D", "SEQUENCE_EDITOR")

LETTER = 8
"""Pixels that a letter takes, about, for messages of several lines."""


class Panel:
    """Mix-in: where the panels stand."""

    bl_region_type = "UI"
    bl_category = "DiFACE"


class Main(Panel):
    bl_label = "DiFACE"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        _character(layout, context)
        _audio(layout, context)
        _settings(layout, context)
        _button(layout, context)


class Detail(Panel):
    """Mix-in: settings that do well as they are, out of the way until they are wanted."""

    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        self.layout.use_property_split = True
        self.layout.use_property_decorate = False
        self.show(self.layout, context.scene.diface)


class Style(Detail):
    bl_label = "Style"

    def show(self, layout: bpy.types.UILayout, settings: properties.DifaceSettings) -> None:
        layout.active = settings.parts != "HEAD"
        for name in ("style", "second_style"):
            row = layout.row(align=True)
            row.prop(settings, name)
            row.operator("diface.load_style", text="", icon="FILE_FOLDER").second = name == "second_style"
        if settings.second_style:
            layout.prop(settings, "style_mix", slider=True)
        layout.prop(settings, "style_strength", text="Strength", slider=True)


class Head(Detail):
    bl_label = "Head"

    def show(self, layout: bpy.types.UILayout, settings: properties.DifaceSettings) -> None:
        layout.active = settings.parts != "FACE"
        column = layout.column(align=True)
        for index, name in enumerate(("Nod", "Tip", "Turn")):
            column.prop(settings, "head_axes", index=index, text=name, slider=True)


class Eyes(Detail):
    bl_label = "Eyes & Breath"

    def show(self, layout: bpy.types.UILayout, settings: properties.DifaceSettings) -> None:
        layout.active = settings.parts != "HEAD"
        for name in properties.LAYERS:
            row = layout.row(align=True, heading=name.capitalize())
            row.prop(settings, name, text="")
            seed = row.row(align=True)
            seed.active = getattr(settings, name)
            seed.prop(settings, f"{name}_seed", text="")
            seed.operator("diface.new_seed", text="", icon="FILE_REFRESH").of = f"{name}_seed"


class Advanced(Detail):
    bl_label = "Advanced"

    def show(self, layout: bpy.types.UILayout, settings: properties.DifaceSettings) -> None:
        layout.prop(settings, "variety", slider=True)
        guidance = layout.column(align=True)
        guidance.active = settings.parts != "HEAD"
        guidance.prop(settings, "guidance")
        guidance.prop(settings, "style_guidance")


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


class Export(Panel):
    bl_label = "Export"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        first, last = frame_range.of(context.scene)
        preview = "Preview range" if context.scene.use_preview_range else "Frames"
        self.layout.label(text=f"{preview} {first} to {last}")
        column = self.layout.column(align=True)
        column.operator("diface.export_fbx", icon="EXPORT")
        column.operator("diface.export_alembic", icon="EXPORT")
        self.layout.operator("diface.playblast", icon="FILE_MOVIE")


def _character(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    settings = context.scene.diface
    layout.prop(settings, "character")
    obj = properties.character(context)
    keys = len(rig_map.face_map(obj)) if obj else 0
    if obj and obj.type == "MESH":
        layout.label(text=f"{obj.name}: {keys or 'no'} face shape keys", icon="BLANK1")
    if not keys:
        layout.operator("diface.add_head", text="Add DiFACE Head", icon="USER")


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
    row.operator("diface.new_seed", text="", icon="FILE_REFRESH").of = "seed"
    layout.row().prop(settings, "quality", expand=True)


def _button(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
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
        width = context.region.width if context.region else 40 * LETTER
        for line in textwrap.wrap(state.message, max(20, width // LETTER)):
            column.label(text=line)


def _placed(panel: type[Panel], space: str, parent: str = "") -> type[bpy.types.Panel]:
    """The class of `panel` for the sidebar of `space`."""
    name = f"{space}_PT_diface_{panel.__name__.lower()}"
    fields = {"bl_idname": name, "bl_space_type": space, **({"bl_parent_id": parent} if parent else {})}
    return type(name, (panel, bpy.types.Panel), fields)


CLASSES = tuple(
    _placed(panel, space, "" if panel is Main else f"{space}_PT_diface_main")
    for space in PLACES
    for panel in (Main, Style, Head, Eyes, Advanced, Takes, Export)
)

register, unregister = bpy.utils.register_classes_factory(CLASSES)
