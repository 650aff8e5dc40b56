"""What is wrong in the active take: one row each, with its frames and its fix."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.types import UI_UL_list

from ...scene.diagnostics import problem as problems
from ...scene.diagnostics import wording
from ...settings import findings, runtime_state, scene_settings
from ..panel_base import SettingsPanel, draw_status

VISIBLE_ROWS = 5
"""Rows of the list. It has this height always, so that no button moves after a fix."""


class Diagnostics(SettingsPanel):
    """Problems of the active take."""

    bl_label = "Diagnostics"

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        layout.use_property_split = False
        state = context.window_manager.diface
        layout.operator("diface.check_take", icon="VIEWZOOM")
        found = findings.find(context, scene_settings.character(context))
        if found:
            layout.template_list(
                DIFACE_UL_findings.__name__, "", state, "findings", state, "finding_index", rows=VISIBLE_ROWS
            )
        elif found is not None:
            layout.label(text="Nothing is wrong", icon="CHECKMARK")
        draw_status(layout, context, "diagnostics")


class DIFACE_UL_findings(bpy.types.UIList):
    """Problems"""

    def filter_items(self, context: bpy.types.Context, data: Any, name: str) -> tuple[list[int], list[int]]:
        """Return which rows are shown, all in their order."""
        rows = getattr(data, name)
        flags = UI_UL_list.filter_items_by_name(self.filter_name, self.bitflag_filter_item, rows, "name")
        return flags or [self.bitflag_filter_item] * len(rows), list(range(len(rows)))

    def draw_item(
        self,
        _context: bpy.types.Context,
        layout: bpy.types.UILayout,
        _data: Any,
        item: runtime_state.FindingRow,
        _icon: int,
        _active_data: Any,
        _active_property: str,
    ) -> None:
        """Draw one row."""
        draw_row(layout.row(align=True), problems.Problem.from_json(item.data), item.row)


def draw_row(layout: bpy.types.UILayout, problem: problems.Problem, index: int) -> None:
    """Draw one problem: its frames and sentence, which jump to it, and the button that fixes it."""
    kind = wording.KINDS[problem.kind]
    what = layout.row()
    what.alignment = "LEFT"
    text = f"{wording.frame_range(problem.first, problem.last)}: {problem.text}"
    what.operator("diface.jump_to_problem", text=text, icon=kind.icon, emboss=False).index = index
    if kind.fix:
        fix = layout.row()
        fix.alignment = "RIGHT"
        fix.operator("diface.fix_problem", text=kind.fix).index = index
