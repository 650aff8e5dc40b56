"""Check Take: list what is wrong in the active take."""

from __future__ import annotations

import bpy

from ...jobs import edit, running_job
from ...jobs.diagnostics import diagnose
from ..base.modal_job import ModalJobOperator


class DIFACE_OT_check_take(ModalJobOperator, bpy.types.Operator):
    """List what is wrong in the active take: lips against the sound, its strip, frame rate, tracks and shape keys"""

    bl_idname = "diface.check_take"
    bl_label = "Check Take"
    bl_options = {"INTERNAL"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        edit.check(context)

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        return diagnose.begin(context)

    def _result_message(self) -> str:
        return "\n".join(self._notes)


def start(context: bpy.types.Context) -> None:
    """Check the take again after a fix: in the background if Blender has a window."""
    bpy.ops.diface.check_take("EXEC_DEFAULT" if bpy.app.background or context.window is None else "INVOKE_DEFAULT")


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_check_take,))
