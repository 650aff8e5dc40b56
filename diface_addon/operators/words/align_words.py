"""Align Words and Words from File: fill the list of words."""

from __future__ import annotations

import bpy

from ...jobs import running_job
from ...jobs.words import align_words
from ..base.modal_job import ModalJobOperator
from ..base.operator_base import OperatorBase


class DIFACE_OT_align_words(ModalJobOperator, bpy.types.Operator):
    """Find when each word of the transcript is heard in the sound"""

    bl_idname = "diface.align_words"
    bl_label = "Align Words"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        align_words.check_can_align(context)

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        return align_words.begin(context)

    def _result_message(self) -> str:
        return "\n".join([f"Aligned {', '.join(self._result_names)}.", *self._notes])


class DIFACE_OT_load_words(OperatorBase, bpy.types.Operator):
    """List the words of the transcript file with its own times, without aligning them with the sound"""

    bl_idname = "diface.load_words"
    bl_label = "Words from File"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        running_job.check_idle()
        align_words.check_file(context)

    def run(self, context: bpy.types.Context) -> str:
        listed = align_words.list_words_of_file(context)
        return "\n".join([f"Listed {listed.name}.", *listed.notes])


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_align_words, DIFACE_OT_load_words))
