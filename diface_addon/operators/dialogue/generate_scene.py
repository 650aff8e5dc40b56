"""Generate Scene: generate every line of the scene that needs it, one after the other."""

from __future__ import annotations

import time
from collections.abc import Mapping

import bpy

from ...core import errors, types
from ...jobs import running_job
from ...jobs.dialogue import line_jobs, scene_plan
from ...scene.keys.wording import count_noun
from ..base.modal_job import ModalJobOperator

SPOKEN, SILENT = "line", "take"
"""What the steps of a press are called."""


class DIFACE_OT_generate_scene(ModalJobOperator, bpy.types.Operator):
    """Generate the lines of all characters that are new or changed, and move the takes whose strips moved"""

    bl_idname = "diface.generate_scene"
    bl_label = "Generate Scene"
    bl_options = {"REGISTER", "UNDO"}

    everything: bpy.props.BoolProperty(
        name="All Lines",
        description="Also generate the lines that are up to date again",
        options={"HIDDEN", "SKIP_SAVE"},
    )

    _next_step = 0
    _failed: tuple[str, ...] = ()
    _began = 0.0
    _made: Mapping[str, int] = {}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        scene_plan.check_has_lines(context)

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        self._plan, self._began = scene_plan.make_plan(context, self.everything), time.monotonic()
        self._failed = self._plan.problems
        return self._begin_step(context) or line_jobs.begin_unassigning()

    def begin_next(self, previous: running_job.RunningJob) -> running_job.RunningJob | None:
        if self._next_step > 0 and not isinstance(previous, line_jobs.StaleTakesJob):
            noun = SPOKEN if self._plan.steps[self._next_step - 1].speaks else SILENT
            self._made = {**self._made, noun: self._made.get(noun, 0) + 1}
        return self._begin_next_step(previous)

    def _begin_next_step(self, previous: running_job.RunningJob) -> running_job.RunningJob | None:
        if isinstance(previous, line_jobs.StaleTakesJob):
            return None
        return self._begin_step(bpy.context) or line_jobs.begin_unassigning()

    def begin_after_failure(
        self, failed: running_job.RunningJob, error: errors.DifaceError
    ) -> running_job.RunningJob | None:
        if isinstance(error, errors.Cancelled) or isinstance(failed, line_jobs.StaleTakesJob):
            raise error
        self._failed += (f"{self._plan.steps[self._next_step - 1].label}: {error}",)
        return self._begin_next_step(failed)

    def displayed_progress(self, progress: types.Progress) -> types.Progress:
        steps, done = self._plan.steps, max(self._next_step - 1, 0)
        if done >= len(steps):
            return progress
        seconds = [step.seconds for step in steps]
        fraction = (sum(seconds[:done]) + progress.fraction * seconds[done]) / sum(seconds)
        elapsed = time.monotonic() - self._began
        left = elapsed * (1 - fraction) / fraction if fraction > 0.02 else None
        return types.Progress(fraction, f"{done + 1} of {len(steps)}, {steps[done].label}: {progress.stage}", left)

    def _begin_step(self, context: bpy.types.Context) -> running_job.RunningJob | None:
        """Begin the next step that can be begun; None after the last. Those that cannot are noted."""
        while self._next_step < len(self._plan.steps):
            step = self._plan.steps[self._next_step]
            self._next_step += 1
            try:
                return step.begin(context)
            except errors.DifaceError as error:
                self._failed += (f"{step.label}: {error}",)
        return None

    def _result_message(self) -> str:
        made = [count_noun(self._made[SPOKEN], SPOKEN)] if SPOKEN in self._made else []
        made += [f"{count_noun(self._made[SILENT], SILENT)} without speech"] if SILENT in self._made else []
        head = f"Generated {' and '.join(made)}" if made else "Nothing to generate"
        kept = f", {self._plan.up_to_date} up to date" if self._plan.up_to_date else ""
        failed = f", {len(self._failed)} failed" if self._failed else ""
        return "\n".join([f"{head}{kept}{failed}.", *self._failed, *self._notes])


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_generate_scene,))
