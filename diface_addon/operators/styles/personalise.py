"""Personalise: a style of the character's own, learnt from the takes that have a star."""

from __future__ import annotations

import bpy

from ...jobs import personalise, running_job
from ..base.modal_job import ModalJobOperator


class DIFACE_OT_personalise(ModalJobOperator, bpy.types.Operator):
    """Learn a style from the character's starred takes, as they are edited now, or from the one that plays"""

    bl_idname = "diface.personalise"
    bl_label = "Personalise"
    bl_options = {"UNDO"}  # not REGISTER: changing the name below the viewport would learn it all again

    name: bpy.props.StringProperty(name="Name", description="The new style's name. Empty: the character's")

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        personalise.check_can_personalise(context)

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        return personalise.begin(context, self.name)

    def _result_message(self) -> str:
        return " ".join([f"New style: {self._result_names[0]}.", *self._notes])


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_personalise,))
