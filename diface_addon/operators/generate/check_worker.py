"""Test Worker: start the worker, and show what it runs on."""

from __future__ import annotations

import bpy

from ...jobs import running_job
from ...jobs.setup import worker_test
from ..base.modal_job import ModalJobOperator


class DIFACE_OT_check_worker(ModalJobOperator, bpy.types.Operator):
    """Start the worker, and show its device, its speed, the versions of its packages, and what is missing"""

    bl_idname = "diface.check_worker"
    bl_label = "Test Worker"
    bl_options = {"INTERNAL"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        running_job.check_idle()

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        return worker_test.begin(context)

    def _result_message(self) -> str:
        return "\n".join(self._notes)


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_check_worker,))
