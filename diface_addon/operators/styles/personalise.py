"""Personalise: fine-tune a style on the starred takes of the character."""

from __future__ import annotations

import bpy

from ...jobs import personalise, running_job
from ..base.modal_job import ModalJobOperator


class DIFACE_OT_personalise(ModalJobOperator, bpy.types.Operator):
    """Fine-tune a style on the starred takes of the character, or on the active take if none has a star"""

    bl_idname = "diface.personalise"
    bl_label = "Personalise"
    bl_options = {"REGISTER", "UNDO"}

    name: bpy.props.StringProperty(
        name="Name", description="Name of the new style. Empty: the name of the character", options={"HIDDEN"}
    )

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        personalise.check_can_personalise(context)

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        return personalise.begin(context, self.name)

    def _result_message(self) -> str:
        return "\n".join([f"New style: {self._result_names[0]}.", *self._notes])


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_personalise,))
