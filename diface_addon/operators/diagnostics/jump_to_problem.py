"""Jump to Problem: move the playhead to a problem that Check Take found."""

from __future__ import annotations

import math

import bpy

from ...core import errors
from ...scene.diagnostics import problem
from ...settings import findings, scene_settings
from ..base.operator_base import OperatorBase


class DIFACE_OT_jump_to_problem(OperatorBase, bpy.types.Operator):
    """Move the playhead to this problem"""

    bl_idname = "diface.jump_to_problem"
    bl_label = "Jump to Problem"
    bl_options = {"REGISTER", "UNDO"}

    index: bpy.props.IntProperty(name="Row", min=0, options={"SKIP_SAVE"})

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        check_found(context)

    def run(self, context: bpy.types.Context) -> None:
        frame = chosen_problem(context, self.index).jump
        whole = math.floor(frame)
        context.scene.frame_set(whole, subframe=frame - whole)
        context.window_manager.diface.finding_index = self.index


def check_found(context: bpy.types.Context) -> None:
    """Raise SceneError if there are no problems to act on."""
    found = findings.find(context, scene_settings.character(context))
    if found is None:
        raise errors.SceneError("The active take was not checked.", "Press Check Take.")
    if not found:
        raise errors.SceneError("The last check found no problem.", "Press Check Take to check again.")


def chosen_problem(context: bpy.types.Context, index: int) -> problem.Problem:
    """Return the problem of a row. Raises SceneError if no such row exists."""
    found = findings.find(context, scene_settings.character(context)) or []
    if index >= len(found):
        message = f"Row {index} of Diagnostics was expected to exist. There are {len(found)} rows."
        raise errors.SceneError(message, "Press Check Take, and choose a row.")
    return found[index]


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_jump_to_problem,))
