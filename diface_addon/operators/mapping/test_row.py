"""Test: shows in the viewport what a row of the mapping moves."""

from __future__ import annotations

import time
from typing import cast

import bpy
from bpy.props import IntProperty

from ...core import errors
from ...scene.mapping import wiggle
from ..base.operator_base import OperatorBase
from .edit_rows import CHOSEN, row_at

INTERVAL = 1 / 30
"""Seconds between two steps."""


class DIFACE_OT_test_mapping_row(OperatorBase, bpy.types.Operator):
    """Move what this row moves, and put it back. Esc, any other key or a click stops it; nothing is keyed"""

    bl_idname = "diface.test_mapping_row"
    bl_label = "Test"
    bl_options = {"INTERNAL"}

    row: IntProperty(
        name="Row", description="Number of the row; -1: the chosen one", default=CHOSEN, options={"SKIP_SAVE", "HIDDEN"}
    )

    _wiggle = cast("wiggle.Wiggle | None", None)
    _timer: bpy.types.Timer | None = None
    _started = 0.0

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if context.screen is None or context.screen.is_animation_playing:
            return self.report_error(errors.SceneError("The animation is playing.", "Stop it (Space) and test again."))
        try:
            self._wiggle = wiggle.Wiggle(row_at(context, self.row))
        except errors.DifaceError as error:
            return self.report_error(error)
        self._started = time.monotonic()
        self._timer = context.window_manager.event_timer_add(INTERVAL, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type == "TIMER":
            if self._wiggle and self._wiggle.step(time.monotonic() - self._started):
                return {"RUNNING_MODAL"}
            self._finish(context)
            return {"FINISHED", "PASS_THROUGH"}
        if event.value == "PRESS":  # what the key does sees the value as it was
            self._finish(context)
            return {"FINISHED"} if event.type == "ESC" else {"FINISHED", "PASS_THROUGH"}
        return {"PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Put the value back after Blender removed the operator."""
        self._finish(context)

    def run(self, context: bpy.types.Context) -> None:
        """Go through the test at once, without a window."""
        test = wiggle.Wiggle(row_at(context, self.row))
        test.step(0.0)
        test.end()

    def _finish(self, context: bpy.types.Context) -> None:
        if self._wiggle:
            self._wiggle.end()
        if self._timer:
            context.window_manager.event_timer_remove(self._timer)
        self._wiggle = self._timer = None


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_test_mapping_row,))
