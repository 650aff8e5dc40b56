"""Cancel: stop the running job."""

from __future__ import annotations

import bpy

from ...core import errors
from ...jobs import running_job
from ..base.operator_base import OperatorBase


class DIFACE_OT_cancel(OperatorBase, bpy.types.Operator):
    """Stop the running job, as Esc does. Press twice if it has run longer than 30 seconds"""

    bl_idname = "diface.cancel"
    bl_label = "Cancel"
    bl_options = {"INTERNAL"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        if running_job.current() is None:
            raise errors.WorkerError("DiFACE is not working.", "There is nothing to cancel.")

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        running_job.current().request_cancel()  # the modal operator may want a second press
        return {"FINISHED"}

    def run(self, context: bpy.types.Context) -> None:
        running_job.current().task.cancel()  # the modal operator ends at its next poll


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_cancel,))
