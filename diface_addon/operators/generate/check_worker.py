"""Test Worker: start the worker, and show what it runs on."""

from __future__ import annotations

import bpy

from ...jobs import running_job
from ...jobs.setup import worker_test
from ..base.modal_job import ModalJobOperator


class DIFACE_OT_check_worker(ModalJobOperator, bpy.types.Operator):
    """Start the worker process, load its models, and show the versions of its Python and packages"""

    bl_idname = "diface.check_worker"
    bl_label = "Test Worker"
    bl_options = {"INTERNAL"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        running_job.check_idle()

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        return worker_test.begin(context)

    def _result_message(self) -> str:
        return " ".join(self._notes)


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_check_worker,))
