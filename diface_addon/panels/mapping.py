"""The mapping: what each channel moves, and how to change it."""

from __future__ import annotations

import math
from typing import Any

import bpy

from ..core import channels
from ..rig.mapping import row_settings
from ..scene.mapping import presets
from ..scene.mapping import table as mapping_table
from ..settings import mapping_list
from .panel_base import SettingsPanel, draw_message, letters_per_line, wrap_lines

VISIBLE_ROWS = 8
MOST_SENTENCES = 3
"""Sentences about what is missing that are shown without the list of all."""
ICONS = {
    row_settings.SHAPE_KEY: "SHAPEKEY_DATA",
    row_settings.BONE_ROTATION: "BONE_DATA",
    row_settings.BONE_LOCATION: "BONE_DATA",
    row_settings.PROPERTY: "PROPERTIES",
}

shown: list[mapping_table.TableRow] = []
"""The rows that the list draws, updated before it is drawn."""


class Mapping(SettingsPanel):
    """What each channel of the face moves."""

    bl_label = "Mapping"
    parent = "Character"

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        main, table = mapping_list.table(context)
        if main is None:
            layout.label(text="No character is selected")
            return
        _draw_score(layout, context, table)
        shown[:] = table.rows
        mapping_list.provide_slots(context, len(table.rows))
        state, row = context.window_manager.diface_mapping_list, layout.row()
        if state.slots:
            row.template_list(
                "DIFACE_UL_mapping", "", state, "slots", state, "chosen", rows=VISIBLE_ROWS, maxrows=VISIBLE_ROWS
            )
        _draw_side_buttons(row.column(align=True))
        if chosen := mapping_list.chosen_row(context, table.rows):
            _draw_chosen(layout, context, main, chosen)
        draw_message(layout, context, "mapping")


def _draw_score(layout: bpy.types.UILayout, context: bpy.types.Context, table: mapping_table.MappingTable) -> None:
    """Draw how many channels are reached, and what the missing ones will look like."""
    found = table.coverage
    icon = "CHECKMARK" if not found.missing else "INFO"
    layout.label(text=f"{found.found} of {len(channels.FACE)} channels are reached", icon=icon)
    column = layout.column(align=True)
    for sentence in found.sentences[:MOST_SENTENCES]:
        for line in wrap_lines(sentence, letters_per_line(context)):
            column.label(text=line)
    if len(found.sentences) > MOST_SENTENCES:
        column.operator("diface.list_missing_keys", text=f"{len(found.sentences) - MOST_SENTENCES} More", icon="PRESET")


def _draw_side_buttons(column: bpy.types.UILayout) -> None:
    column.operator_context = "INVOKE_DEFAULT"
    column.operator("diface.add_mapping_row", text="", icon="ADD")
    column.operator("diface.remove_mapping_row", text="", icon="REMOVE")
    column.separator()
    column.menu("DIFACE_MT_mapping_presets", text="", icon="PRESET")
    column.separator()
    column.operator("diface.reset_mapping", text="", icon="LOOP_BACK").of = "ALL"


def _draw_chosen(
    layout: bpy.types.UILayout, context: bpy.types.Context, main: bpy.types.Object, row: mapping_table.TableRow
) -> None:
    """Draw the chosen row: its settings if it is one of the user, else what was found."""
    if row.problem:
        column = layout.column(align=True)
        for index, line in enumerate(wrap_lines(f"{row.problem}.", letters_per_line(context))):
            column.label(text=line, icon="ERROR" if index == 0 else "BLANK1")
    if row.hand < 0:
        owner = f" of {row.owner.name}" if row.owner else ""
        layout.label(text=f"{row.text or row.channel}: {row.name}{owner}")
        layout.operator("diface.change_mapping_row", icon="GREASEPENCIL")
        return
    _draw_settings(layout.column(), main.diface_mapping.rows[row.hand])
    layout.operator("diface.reset_mapping", text=f"Reset {row.text or row.channel}", icon="LOOP_BACK").of = "CHANNEL"


def _draw_settings(layout: bpy.types.UILayout, row: row_settings.DifaceMappingRow) -> None:
    """Draw the settings of a row of the user."""
    layout.prop(row, "channel")
    layout.prop(row, "kind")
    layout.prop(row, "owner")
    if row.kind == row_settings.SHAPE_KEY:
        layout.prop(row, "shape_key")
    else:
        layout.prop(row, "bone")
    if row.kind == row_settings.PROPERTY:
        layout.prop(row, "property_name")
    if row.kind in (row_settings.BONE_ROTATION, row_settings.BONE_LOCATION):
        layout.row().prop(row, "axis", expand=True)
    if row.channel == row_settings.POSE:
        return
    is_angle = row.kind == row_settings.BONE_ROTATION
    layout.prop(row, "angle" if is_angle else "gain")
    layout.prop(row, "angle_offset" if is_angle else "offset")


class DIFACE_UL_mapping(bpy.types.UIList):
    """The mapping"""

    def filter_items(self, context: bpy.types.Context, data: Any, name: str) -> tuple[list[int], list[int]]:
        """Return which places are shown: those with a row that has the text of the filter in it."""
        wanted = self.filter_name.lower()
        hidden = getattr(self, "bitflag_item_never_show", 0)
        flags = [hidden] * len(getattr(data, name))
        for number, row in enumerate(shown[: len(flags)]):
            if wanted in row.words.lower():
                flags[number] = self.bitflag_filter_item
        return flags, list(range(len(flags)))

    def draw_item(
        self,
        _context: bpy.types.Context,
        layout: bpy.types.UILayout,
        _data: Any,
        _item: bpy.types.PropertyGroup,
        _icon: int,
        _active_data: Any,
        _active_property: str,
        index: int,
    ) -> None:
        """Draw one row."""
        if index < len(shown):
            draw_row(layout.row(align=True), index, shown[index])


def draw_row(layout: bpy.types.UILayout, number: int, row: mapping_table.TableRow) -> None:
    """Draw one row: whether it is used, its channel, what it moves and how far, where it is from, and Test."""
    _draw_use(layout, number, row)
    columns = layout.row(align=True)
    columns.active, columns.alert = row.use, bool(row.use and row.problem)
    text, icon = row.text or row.channel, "ERROR" if row.use and row.problem else ICONS[row.kind]
    if row.name != text:
        columns.label(text=text)
    columns.label(text=row.name, icon=icon)
    aside = columns.row(align=True)
    aside.alignment = "RIGHT"
    aside.label(text=f"{amount(row)}  {row.source}")
    test = layout.row(align=True)
    test.enabled = not row.problem
    test.operator_context = "INVOKE_DEFAULT"
    test.operator("diface.test_mapping_row", text="", icon="PLAY", emboss=False).row = number


def amount(row: mapping_table.TableRow) -> str:
    """Return the gain of a row as text: degrees of a rotation; nothing of a pose, which is solved."""
    if row.is_pose:
        return ""
    return f"{math.degrees(row.gain):.0f}°" if row.kind == row_settings.BONE_ROTATION else f"{row.gain:.2g}"


def _draw_use(layout: bpy.types.UILayout, number: int, row: mapping_table.TableRow) -> None:
    """Draw the box of a row. That of a row that was found makes it one of the user, not in use."""
    icon = "CHECKBOX_HLT" if row.use else "CHECKBOX_DEHLT"
    if row.hand >= 0 and row.owner is not None:
        layout.operator("diface.use_mapping_row", text="", icon=icon, emboss=False).row = number
        return
    settings = layout.operator("diface.change_mapping_row", text="", icon=icon, emboss=False)
    settings.row, settings.use = number, False


class DIFACE_MT_mapping_presets(bpy.types.Menu):
    """Presets of the mapping"""

    bl_label = "Mapping Presets"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        for name in presets.files():
            layout.operator("diface.use_mapping_preset", text=name, translate=False).preset = name
        layout.separator()
        layout.operator_context = "INVOKE_DEFAULT"
        layout.operator("diface.load_mapping", icon="FILEBROWSER")
        layout.operator("diface.save_mapping", icon="FILE_TICK")
