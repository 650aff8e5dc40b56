"""Audition: the arrow keys go through the row of variations while the scene plays; Enter ends, Esc goes back."""

from __future__ import annotations

from typing import cast

import bpy

from ...core import errors
from ...scene.variations import variation_row
from ...settings import scene_settings
from ..base.operator_base import redraw
from . import choose_variation

STEPS = {"LEFT_ARROW": -1, "RIGHT_ARROW": 1}
STATUS = "DiFACE: Variation {shown} of {count} (0: before). Left, Right: Another. Enter: Stay. Esc: Back to {start}"


class DIFACE_OT_audition(choose_variation.VariationOperator, bpy.types.Operator):
    """Go through the variations with the left and right arrow keys, also while the scene plays"""

    bl_idname = "diface.audition"
    bl_label = "Audition"
    bl_description = (
        "Go through the variations with the left and right arrow keys, also while the scene plays. "
        "Enter stays at the one that plays, Esc goes back to the first one"
    )

    _start = cast("tuple[variation_row.ActiveTake, ...]", ())
    _character = 0

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        obj = scene_settings.character(context)
        self._start, self._character = variation_row.active_takes(obj), obj.session_uid
        self._start_number = variation_row.number_shown(obj, choose_variation.find_row(obj))
        if not self._start_number:
            choose_variation.show(obj, choose_variation.find_row(obj), 1)
        context.window_manager.modal_handler_add(self)
        self._show_status(context)
        return {"RUNNING_MODAL"}

    def run(self, context: bpy.types.Context) -> str:
        raise errors.SceneError("Audition needs a window.", "Use Show Variation in scripts.")

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.value != "PRESS":
            return {"PASS_THROUGH"}
        obj = scene_settings.character(context)
        row = variation_row.read(obj)
        if obj is None or obj.session_uid != self._character or row is None:
            return self._end(context, "CANCELLED")  # another character, or the row was undone
        if event.type in STEPS:
            number = (variation_row.number_shown(obj, row) + STEPS[event.type]) % (len(row.takes) + 1)
            return self._try(context, lambda: choose_variation.show(obj, row, number))
        if event.type in {"RET", "NUMPAD_ENTER"}:
            return self._end(context, "FINISHED")
        if event.type == "ESC":
            self._try(context, lambda: variation_row.use(obj, self._start))
            return self._end(context, "CANCELLED")
        return {"PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Clean up after Blender removed the operator, as when a file is opened."""
        self._end(context, "CANCELLED")

    def _try(self, context: bpy.types.Context, action) -> set[str]:
        try:
            action()
        except errors.DifaceError as error:
            self.report_error(error)
        redraw(context)
        self._show_status(context)
        return {"RUNNING_MODAL"}

    def _show_status(self, context: bpy.types.Context) -> None:
        obj = scene_settings.character(context)
        row = variation_row.read(obj)
        shown, count = (variation_row.number_shown(obj, row), len(row.takes)) if row else (0, 0)
        if context.workspace:
            context.workspace.status_text_set(STATUS.format(shown=shown, count=count, start=self._start_number))

    def _end(self, context: bpy.types.Context, result: str) -> set[str]:
        if context.workspace:
            context.workspace.status_text_set(None)
        redraw(context)
        return {result}


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_audition,))
