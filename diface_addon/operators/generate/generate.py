"""Generate: animate speech as a new take."""

from __future__ import annotations

import bpy

from ...jobs import generate, running_job
from ..base.modal_job import ModalJobOperator


class DIFACE_OT_generate(ModalJobOperator, bpy.types.Operator):
    """Animate the face and the head of the character to the speech, as a new take"""

    bl_idname = "diface.generate"
    bl_label = "Generate"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        generate.check_can_generate(context)

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        return generate.begin(context)


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_generate,))
