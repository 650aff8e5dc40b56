"""Check: starts the worker, and says what it runs on."""

from __future__ import annotations

import contextlib
from pathlib import Path

import bpy

from ...core import errors, types
from ...jobs import running_job, worker_client
from ..base.operator_base import OperatorBase

NO_SOUND = Path("no sound")


class DIFACE_OT_check_worker(OperatorBase, bpy.types.Operator):
    """Start the worker, and show the versions of its Python and of torch"""

    bl_idname = "diface.check_worker"
    bl_label = "Test Worker"
    bl_options = {"INTERNAL"}

    @classmethod
    def check_ready(cls, _context: bpy.types.Context) -> None:
        if running_job.current() is not None:
            raise errors.WorkerError("DiFACE is generating.", "Check again when it has finished.")

    def run(self, context: bpy.types.Context) -> str:
        state = context.window_manager.diface
        state.worker_versions = ""
        worker = worker_client.start()
        # A request for no sound: when that is its only complaint, the worker and its models are in order.
        with contextlib.suppress(errors.AudioError):
            worker.submit(types.GenerateRequest(types.AudioSection(NO_SOUND))).wait()
        state.worker_versions = ", ".join(f"{name} {number or 'missing'}" for name, number in worker.versions.items())
        return f"The worker is ready: {state.worker_versions}."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_check_worker,))
