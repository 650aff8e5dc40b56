"""The row of variations in the panel Takes: which one plays, keep it, discard the others."""

from __future__ import annotations

import bpy

from ...scene.variations import variation_row

IN_A_LINE = 8
"""Number of buttons in a line."""


def draw(layout: bpy.types.UILayout, obj: bpy.types.Object | None) -> None:
    """Draw the row of a character, if it has one."""
    row = variation_row.read(obj)
    if obj is None or row is None:
        return
    shown = variation_row.number_shown(obj, row)
    box = layout.box()
    heading = box.row(align=True)
    heading.label(text=f"Variations: {row.label}", icon="RENDERLAYERS")
    heading.operator("diface.audition", text="", icon="ARROW_LEFTRIGHT")
    grid = box.grid_flow(row_major=True, columns=min(IN_A_LINE, len(row.takes) + 1), even_columns=True, align=True)
    for number in range(len(row.takes) + 1):
        text, icon = (str(number), "NONE") if number else ("", "LOOP_BACK")
        grid.operator("diface.show_variation", text=text, icon=icon, depress=number == shown).number = number
    choice = box.row(align=True)
    choice.operator("diface.keep_variation", text="Keep", icon="CHECKMARK")
    choice.operator("diface.discard_variations", text="Discard All", icon="X")
