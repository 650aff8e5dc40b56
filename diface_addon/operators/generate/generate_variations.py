"""Generate Variations: several takes of the same speech, one after the other, each with another seed."""

from __future__ import annotations

import itertools
from typing import cast

import bpy

from ...core import types
from ...jobs import generate, running_job
from ...scene.takes import take_index
from ...scene.variations import variation_row
from ...settings import performance, scene_settings
from ..base.modal_job import ModalJobOperator


class DIFACE_OT_generate_variations(ModalJobOperator, bpy.types.Operator):
    """Generate several takes of the same speech, each with the next unused seed."""

    bl_idname = "diface.generate_variations"
    bl_label = "Generate Variations"
    bl_description = (
        "Generate several takes of the same speech, each with the next unused seed. "
        "Esc finishes the current take and stops; Esc twice cancels it"
    )
    bl_options = {"REGISTER", "UNDO"}

    count: bpy.props.IntProperty(
        name="Takes",
        description="Number of takes to generate. 0: as set in the panel Takes",
        min=0,
        max=99,
        options={"HIDDEN", "SKIP_SAVE"},
    )

    _seeds: tuple[int, ...] = ()
    _is_stopping = False
    _row = cast("variation_row.VariationRow | None", None)

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        generate.check_can_generate(context)

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        used = take_index.seeds(scene_settings.character(context))
        unused = (seed for seed in range(performance.active(context).seed, 2**31) if seed not in used)
        self._row = variation_row.VariationRow("Take", variation_row.active_takes(scene_settings.character(context)))
        self._seeds = tuple(itertools.islice(unused, self.count or context.scene.diface.variations))
        return generate.begin(context, self._seeds[0])

    def begin_next(self, previous: generate.GenerationJob) -> generate.GenerationJob | None:
        self._row = variation_row.add_active(previous.find_character(), self._row)
        done = len(self._result_names)
        return None if self._is_stopping or done == len(self._seeds) else previous.repeat_with_seed(self._seeds[done])

    def handle_escape(self, job: generate.GenerationJob) -> None:
        """Stop after the current take at the first Esc, and cancel it at the second."""
        if self._is_stopping:
            job.task.cancel()
        self._is_stopping = True

    def cancel_hint(self) -> str:
        return "Press Esc again to cancel this take" if self._is_stopping else "Esc: Stop after this take"

    def displayed_progress(self, progress: types.Progress) -> types.Progress:
        done, count = len(self._result_names), len(self._seeds)
        last = " (the last one)" if self._is_stopping else ""
        words = f"{done + 1} of {count}{last}: {progress.stage}"
        return types.Progress((done + progress.fraction) / count, words)


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_generate_variations,))
