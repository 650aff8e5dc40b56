"""Variations: several edits of the same frames of the active take, each with another seed, as a row to choose from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import bpy

from ...core import types
from ...jobs import edit, edit_plan, running_job
from ...jobs.words import word_list
from ...scene.takes import take_index
from ...scene.variations import variation_row
from ...settings import scene_settings, word_settings
from ..base import region_choice
from ..base.modal_job import ModalJobOperator
from ..edit.in_between import plan_in_between
from ..edit.regenerate import plan_all
from . import choose_variation


@dataclass(frozen=True)
class RegionPlanner:
    """Plans the same edit for each variation. frames: the first and the last; None: as In-Between chooses."""

    whole_take: bool
    frames: tuple[int, int] | None

    def __call__(self, base: edit_plan.EditContext) -> edit_plan.Plan:
        """Return the plan. Raises SceneError as that of *In-Between*."""
        if self.whole_take:
            return plan_all(base, region_choice.chosen_channels(bpy.context))
        return plan_in_between(bpy.context, base, self.frames)


class DIFACE_OT_make_variations(ModalJobOperator, bpy.types.Operator):
    """Regenerate the same frames several times, as a row of takes to choose from"""

    bl_idname = "diface.make_variations"
    bl_label = "Variations"
    bl_options = {"REGISTER", "UNDO"}

    what: bpy.props.EnumProperty(
        name="What",
        items=(
            ("TAKE", "Take", "The whole take, except the pins"),
            ("FRAMES", "Frames", "The frames that In-Between regenerates"),
            ("WORD", "Word", "The chosen word"),
        ),
        options={"HIDDEN"},
    )
    count: bpy.props.IntProperty(
        name="Takes",
        description="Number of variations. 0: as set in the panel Takes",
        min=0,
        max=99,
        options={"HIDDEN", "SKIP_SAVE"},
    )

    _row = cast("variation_row.VariationRow | None", None)
    _planner: RegionPlanner | None = None
    _left = 0

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Return the tooltip of one of the buttons."""
        what = {"TAKE": "whole take", "FRAMES": "frames of In-Between", "WORD": "chosen word"}[properties.what]
        return (
            f"Regenerate the {what} several times in the regions to edit, each with another seed. "
            "Choose one in the panel Takes. Keys inside are kept"
        )

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        edit.check(context)
        region_choice.check_regions(context)
        take_index.check_active(scene_settings.character(context))

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        obj = scene_settings.character(context)
        label, frames = self._label_and_frames(context)
        self._row = variation_row.VariationRow(label, variation_row.active_takes(obj))
        self._planner = RegionPlanner(self.what == "TAKE", frames)
        self._left = (self.count or context.scene.diface.variations) - 1
        return edit.begin(context, self._planner)

    def begin_next(self, previous: running_job.RunningJob) -> running_job.RunningJob | None:
        obj = previous.find_character()
        self._row = variation_row.add_active(obj, self._row)
        if not self._left:
            choose_variation.show(obj, self._row, 1)
            return None
        self._left -= 1
        previous.end()  # one job at a time, and this one reads what that one has written
        variation_row.use(obj, self._row.before)
        return edit.begin(bpy.context, self._planner)

    def displayed_progress(self, progress: types.Progress) -> types.Progress:
        done = len(self._result_names)
        count = done + self._left + 1
        return types.Progress((done + progress.fraction) / count, f"{done + 1} of {count}: {progress.stage}")

    def _label_and_frames(self, context: bpy.types.Context) -> tuple[str, tuple[int, int] | None]:
        """Return what the row is called, and the frames if they do not follow from the settings."""
        if self.what == "TAKE":
            return "Take", None
        if self.what == "WORD" or context.scene.diface.edit.frame_choice == "WORD":
            word_settings.chosen_word(context)
            word = word_list.chosen_frames(context)
            return f"Word {word.text}", word.frames
        return "Frames", None


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_make_variations,))
