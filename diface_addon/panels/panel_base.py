"""Base classes of the panels, and the status area that they share."""

from __future__ import annotations

import textwrap

import bpy

from ..settings import messages

LETTER_WIDTH = 6.6
"""Average width of a letter of the interface font, in pixels at a resolution scale of 1."""
PANEL_MARGIN = 44
"""Width of a panel's margins and of an icon, in pixels at a resolution scale of 1."""
DEFAULT_LETTERS = 40
"""Letters in a line if the width of the region is not known."""
STATUS_LINES = 2
"""Lines of the status area. It has this height always, so that no button moves while a job runs."""


class PanelBase:
    """Mix-in for panels in the sidebar."""

    bl_region_type = "UI"
    bl_category = "DiFACE"
    parent = "Main"
    """Name of the panel that this one is in."""


class SettingsPanel(PanelBase):
    """Mix-in for panels of settings whose defaults suit most scenes; closed at first."""

    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        self.layout.use_property_split = True
        self.layout.use_property_decorate = False
        self.draw_settings(self.layout, context)

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        """Draw the settings."""
        raise NotImplementedError


def draw_status(layout: bpy.types.UILayout, context: bpy.types.Context, topic: str) -> None:
    """Draw the progress of a job that the panel's operators started, otherwise their last message.

    Args:
        layout: Where to draw; always `STATUS_LINES` high.
        context: Its region says how many letters fit into a line.
        topic: The panel's topic, such as "edit".
    """
    column, state = layout.column(align=True), context.window_manager.diface
    if state.running and state.topic == topic:
        column.progress(factor=state.fraction, text=state.stage)
        column.label(text=state.cancel_hint)
        return
    entry = messages.find(context, topic)
    lines = wrap_lines(entry.text, letters_per_line(context)) if entry else []
    for index in range(STATUS_LINES):
        row = column.row(align=True)
        row.alert = bool(entry and entry.is_error)
        row.label(text=lines[index] if index < len(lines) else "")
        if index == STATUS_LINES - 1 and len(lines) > STATUS_LINES:
            icon = "ERROR" if entry.is_error else "INFO"
            row.operator("diface.show_message", text="", icon=icon, emboss=False).topic = topic


def draw_message(layout: bpy.types.UILayout, context: bpy.types.Context, topic: str) -> None:
    """Draw the last message of a panel without jobs, if there is one."""
    if entry := messages.find(context, topic):
        column = layout.column(align=True)
        column.alert = entry.is_error
        for line in wrap_lines(entry.text, letters_per_line(context)):
            column.label(text=line)


def wrap_lines(text: str, letters: int) -> list[str]:
    """Return the lines of a message, one or more per note, of at most `letters` letters."""
    return [line for note in text.splitlines() for line in textwrap.wrap(note, letters)]


def letters_per_line(context: bpy.types.Context) -> int:
    """Return how many letters fit into a line of the region, on displays of any resolution scale."""
    if context.region is None:
        return DEFAULT_LETTERS
    width = context.region.width / context.preferences.system.ui_scale
    return max(20, int((width - PANEL_MARGIN) / LETTER_WIDTH))
