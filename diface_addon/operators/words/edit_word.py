"""Edits of the chosen word: Regenerate Word, Hold Closed, Emphasise, Say Softer and Say Wider."""

from __future__ import annotations

import bpy

from ...jobs import edit, running_job
from ...jobs.words import word_list, word_plans
from ...settings import word_settings
from ..base import region_choice
from ..base.modal_job import ModalJobOperator
from ..edit.in_between import plan_in_between


class WordOperator(ModalJobOperator):
    """Mix-in for edits of the chosen word. Each is a new take, as every edit; the pins that it sets are the user's."""

    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        word_settings.chosen_word(context)
        edit.check(context)


class DIFACE_OT_regenerate_word(WordOperator, bpy.types.Operator):
    """Regenerate the chosen regions in the word, as a new take. Keys inside are kept"""

    bl_idname = "diface.regenerate_word"
    bl_label = "Regenerate Word"
    bl_description = (
        "Regenerate the word in the regions to edit, as a new take. Keys inside are kept. Press again for another"
    )

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        super().check_ready(context)
        region_choice.check_regions(context)

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        frames = word_list.chosen_frames(context).frames
        return edit.begin(context, lambda base: plan_in_between(bpy.context, base, frames))


class DIFACE_OT_close_word(WordOperator, bpy.types.Operator):
    """Hold the lips closed"""

    bl_idname = "diface.close_word"
    bl_label = "Hold Closed"
    bl_description = "Pin the lips closed for the whole word, as a new take"

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        word = word_list.chosen_frames(context)
        return edit.begin(context, lambda base: word_plans.plan_closed(base, word))


class DIFACE_OT_emphasise_word(WordOperator, bpy.types.Operator):
    """Raise the brows and nod"""

    bl_idname = "diface.emphasise_word"
    bl_label = "Emphasise"
    bl_description = "Raise the brows and nod on the stressed vowel of the word, as a new take. Press again for more"

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        word = word_list.chosen_frames(context)
        return edit.begin(context, lambda base: word_plans.plan_emphasised(base, word))


class DIFACE_OT_scale_word(WordOperator, bpy.types.Operator):
    """Move the mouth less or more"""

    bl_idname = "diface.scale_word"
    bl_label = "Say Softer"

    how: bpy.props.EnumProperty(
        name="How",
        items=(("SOFTER", "Softer", "The mouth moves less"), ("WIDER", "Wider", "The mouth moves more")),
        options={"HIDDEN"},
    )

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Return the tooltip of one of the two buttons."""
        more = "more" if properties.how == "WIDER" else "less"
        return (
            f"Move the mouth {more} in the word, as a new take. Closed lips stay closed. Press again for {more} of it"
        )

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        word = word_list.chosen_frames(context)
        factor = word_plans.WIDER if self.how == "WIDER" else word_plans.SOFTER
        return edit.begin(context, lambda base: word_plans.plan_scaled(base, word, factor))


register, unregister = bpy.utils.register_classes_factory(
    (DIFACE_OT_regenerate_word, DIFACE_OT_close_word, DIFACE_OT_emphasise_word, DIFACE_OT_scale_word)
)
