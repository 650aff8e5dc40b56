"""Cancel: stops the generation that runs."""

from __future__ import annotations

import bpy

from ...core import errors
from ...jobs import running_job
from ..base.operator_base import OperatorBase


class DIFACE_OT_cancel(OperatorBase, bpy.types.Operator):
    """Stop generating; nothing is changed"""

    bl_idname = "diface.cancel"
    bl_label = "Cancel"
    bl_options = {"INTERNAL"}

    @classmethod
    def check_ready(cls, _context: bpy.types.Context) -> None:
        if running_job.current() is None:
            raise errors.WorkerError("DiFACE is not generating.", "There is nothing to cancel.")

    def run(self, _context: bpy.types.Context) -> None:
        running_job.current().task.cancel()  # Generate sees it on its next look


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_cancel,))
