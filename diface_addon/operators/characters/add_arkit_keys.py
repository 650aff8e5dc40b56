"""Add ARKit Shape Keys: the shape keys that DiFACE's models animate, for any humanoid head."""

from __future__ import annotations

import bpy

from ...jobs import running_job
from ...jobs.new_shapes import arkit_keys
from ..base.modal_job import ModalJobOperator


class DIFACE_OT_add_arkit_keys(ModalJobOperator, bpy.types.Operator):
    """Add the 52 ARKit shapes to a humanoid head as shape keys, transferred from DiFACE's head"""

    bl_idname = "diface.add_arkit_keys"
    bl_label = "Add ARKit Shape Keys"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        arkit_keys.check_can_add(context)

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        return arkit_keys.begin(context)

    def _result_message(self) -> str:
        return " ".join(self._notes)


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_add_arkit_keys,))
