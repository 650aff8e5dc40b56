"""Make More: other performances of the same speech, one after the other, each a take."""

from __future__ import annotations

import bpy

from ...core import types
from ...jobs import current, generate
from ...scene.takes import takes
from ...settings import scene_settings
from ..base.modal_job import Background


class DIFACE_OT_make_more(Background, bpy.types.Operator):
    """Generate several takes of the same speech, each with a seed of its own"""

    bl_idname = "diface.make_more"
    bl_label = "Make More"
    bl_options = {"REGISTER", "UNDO"}

    count: bpy.props.IntProperty(name="Takes", description="How many", default=4, min=1, soft_max=16, max=99)

    _seeds: tuple[int, ...] = ()
    _stopped = False

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        generate.check(context)

    def begin(self, context: bpy.types.Context) -> current.RunningJob:
        taken = takes.seeds(scene_settings.character(context))
        free = (seed for seed in range(context.scene.diface.seed, 2**31) if seed not in taken)
        self._seeds = tuple(seed for _number, seed in zip(range(self.count), free, strict=False))
        return generate.begin(context, self._seeds[0])

    def begin_next(self, before: generate.Generation) -> generate.Generation | None:
        done = len(self._names)
        return None if self._stopped or done == len(self._seeds) else before.again(self._seeds[done])

    def stop(self, running: generate.Generation) -> None:
        """The first Esc lets the one that is being made be finished, the second does not."""
        if self._stopped:
            running.job.cancel()
        self._stopped = True

    def stage(self, progress: types.Progress) -> types.Progress:
        done, count = len(self._names), len(self._seeds)
        last = " (the last one)" if self._stopped else ""
        words = f"{done + 1} of {count}{last}: {progress.stage}"
        return types.Progress((done + progress.fraction) / count, words)


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_make_more,))
