"""Idle: a take of a character that says nothing and listens to nobody."""

from __future__ import annotations

import bpy

from ...jobs import running_job
from ...jobs.without_speech import silent_take
from ...scene.keys import frame_range
from ..base.modal_job import ModalJobOperator


class DIFACE_OT_idle(ModalJobOperator, bpy.types.Operator):
    """Animate a character that says nothing, in the preview or scene range: a resting face, blinks, eyes and head"""

    bl_idname = "diface.idle"
    bl_label = "Idle"
    bl_options = {"REGISTER", "UNDO"}

    first: bpy.props.IntProperty(
        name="First Frame",
        description="First frame of the take",
        options={"HIDDEN", "SKIP_SAVE"},
    )
    last: bpy.props.IntProperty(
        name="Last Frame",
        description="Last frame of the take. Not after the first: the preview range, or that of the scene",
        options={"HIDDEN", "SKIP_SAVE"},
    )

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        silent_take.check_can_idle(context)

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        first, last = self.first, self.last
        if last <= first:
            first, last = frame_range.export_range(context.scene)
        return silent_take.begin_idle(context, first, last)


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_idle,))
