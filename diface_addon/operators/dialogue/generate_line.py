"""Generate Line: a new take of one line of the dialogue."""

from __future__ import annotations

import bpy

from ...jobs import running_job
from ...jobs.dialogue import line_jobs
from ..base.modal_job import ModalJobOperator
from . import chosen_line


class DIFACE_OT_generate_line(chosen_line.LineOperator, ModalJobOperator, bpy.types.Operator):
    """Generate a new take of this line, for the character that speaks it. All other lines stay"""

    bl_idname = "diface.generate_line"
    bl_label = "Generate Line"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        running_job.check_idle()
        super().check_ready(context)

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        found = self.find_line(context)
        return line_jobs.begin_line(context, line_jobs.LineName(found.scene.session_uid, found.strip.name, found.side))


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_generate_line,))
