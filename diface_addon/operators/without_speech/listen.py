"""Listen: a take of a character that listens to another one's strip."""

from __future__ import annotations

import bpy

from ...jobs import running_job
from ...jobs.without_speech import silent_take
from ..base.modal_job import ModalJobOperator


class DIFACE_OT_listen(ModalJobOperator, bpy.types.Operator):
    """Animate a character that listens to the strip: looks at the speaker, nods and small reactions at phrase ends"""

    bl_idname = "diface.listen"
    bl_label = "Listen"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        silent_take.check_can_listen(context)

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        return silent_take.begin_listen(context)


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_listen,))
