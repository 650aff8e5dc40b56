"""Fill Gaps: regenerate the frames of a recording in which tracking was lost."""

from __future__ import annotations

import bpy

from ...core import errors
from ...jobs import edit, running_job
from ...jobs.recordings import gaps
from ...settings import scene_settings
from ..base.modal_job import ModalJobOperator


class DIFACE_OT_fill_gaps(ModalJobOperator, bpy.types.Operator):
    """Regenerate the frames in which face tracking was lost, from the sound. The rest is kept exactly"""

    bl_idname = "diface.fill_gaps"
    bl_label = "Fill Gaps"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        edit.check(context)
        if not gaps.has_gaps(scene_settings.character(context)):
            hint = "Import Recording finds gaps; use In-Between for other frames."
            raise errors.SceneError("The active take has no frames without tracking.", hint)

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        return edit.begin(context, gaps.plan_fill)


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_fill_gaps,))
