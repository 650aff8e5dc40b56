"""The lines of the dialogue as a table, and Generate Scene."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import bpy
from bpy.types import UI_UL_list

from ... import compat
from ...core import errors
from ...jobs.dialogue import lines
from ...scene.audio import audio_strip
from ...settings.dialogue import line_settings
from ..panel_base import PanelBase, draw_status

ROWS = 6
"""Rows of the list. It has this height always, so that no button moves."""
ICONS = {
    "NEW": "ADD",
    "DONE": "CHECKMARK",
    "MOVED": "ARROW_LEFTRIGHT",
    "CHANGED": "FILE_REFRESH",
    "PROBLEM": "ERROR",
}
_shown: dict[tuple[int, str], lines.SceneLine] = {}
"""Lines of the last redraw, by the `session_uid` of their scene and the strip's name."""


class DIFACE_UL_lines(bpy.types.UIList):
    """Strips with sound in the order of time"""

    def draw_item(
        self,
        context: bpy.types.Context,
        layout: bpy.types.UILayout,
        data: Any,
        item: Any,
        _icon: int,
        _active_data: Any,
        _active_property: str,
    ) -> None:
        """Draw one strip: its state, its name and its character."""
        found = _shown.get((data.id_data.session_uid, item.name))
        row = layout.split(factor=0.5, align=True)
        row.label(text=item.name, icon=ICONS[found.state] if found else "BLANK1")
        row.prop(item.diface, "character", text="")

    def filter_items(self, context: bpy.types.Context, data: Any, name: str) -> tuple[list[int], list[int]]:
        """Show strips with sound only, in the order of time."""
        strips = list(getattr(data, name))
        shown = self.bitflag_filter_item
        wanted = self.filter_name.lower()
        listed = _listed(strips)
        flags = [shown if is_row and wanted in s.name.lower() else 0 for s, is_row in zip(strips, listed, strict=True)]
        places = [(index, (compat.strip_bounds(strip)[0], strip.channel)) for index, strip in enumerate(strips)]
        return flags, cast("list[int]", UI_UL_list.sort_items_helper(places, lambda pair: pair[1]))


class Dialogue(PanelBase):
    """The lines of all characters of the scene."""

    bl_label = "Dialogue"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = self.layout, context.scene.diface.dialogue
        layout.use_property_decorate = False
        strips = audio_strip.list_strips(context)
        if not strips:
            layout.label(text="No sound strips: add them in the Sequencer", icon="INFO")
            layout.operator("diface.load_audio", icon="FILE_SOUND")
            return
        _refresh(context)
        editor = strips[0][0].sequence_editor
        name = compat.STRIPS_ALL
        layout.template_list("DIFACE_UL_lines", "", editor, name, settings, "index", rows=ROWS, maxrows=ROWS)
        _draw_chosen(layout, editor, settings.index)
        row = layout.row(align=True)
        for by, text in (("NAME", "By Name"), ("CHANNEL", "Channel"), ("SELECTED", "Selected"), ("CLEAR", "Clear")):
            row.operator("diface.assign_lines", text=text).by = by
        row = layout.row(align=True)
        row.label(text="When Silent")
        row.prop(settings, "others", expand=True)
        row = layout.row(align=True)
        row.scale_y = 1.3
        row.operator("diface.generate_scene", icon="PLAY")
        row.operator("diface.generate_scene", text="", icon="FILE_REFRESH").everything = True
        draw_status(layout, context, "dialogue")


def _listed(strips: Sequence[Any]) -> list[bool]:
    """Return which strips are rows: movie and scene strips are if they have a character, or without sound strips."""
    types = [strip.type for strip in strips]
    has_sound = audio_strip.SOUND in types
    return [
        kind == audio_strip.SOUND
        or (kind in audio_strip.AUDIBLE and (not has_sound or bool(line_settings.speakers(strip.diface))))
        for kind, strip in zip(types, strips, strict=True)
    ]


def _refresh(context: bpy.types.Context) -> None:
    """Read the state of all lines, once for all rows."""
    _shown.clear()
    try:
        found = lines.find_lines(context)
    except errors.DifaceError:
        return
    for item in found:
        name = item.scene.session_uid, item.strip.name
        if name not in _shown or _shown[name].state == "DONE":  # of both sides the one with something to do
            _shown[name] = item


def _draw_chosen(layout: bpy.types.UILayout, editor: bpy.types.SequenceEditor, index: int) -> None:
    """Draw the state of the chosen line, and what can be done with it. The rows are always there."""
    strips = compat.strips_all(editor)
    strip = strips[index] if 0 <= index < len(strips) and _listed(strips)[index] else None
    found = _shown.get((editor.id_data.session_uid, strip.name)) if strip else None
    row = layout.row(align=True)
    row.label(text=found.text if found else "Choose a line" if strip is None else "No character")
    aside = row.row(align=True)
    aside.enabled = found is not None
    if strip is not None:
        aside.prop(strip.diface, "seed")
        column = layout.column(align=True)
        column.row(align=True).prop(strip.diface, "side", expand=True)
        if strip.diface.side != "BOTH":
            column.prop(strip.diface, "other")
    row = layout.row(align=True)
    row.enabled = found is not None
    row.operator("diface.edit_line", icon="GREASEPENCIL").strip = strip.name if strip else ""
    row.operator("diface.generate_line", icon="PLAY").strip = strip.name if strip else ""
