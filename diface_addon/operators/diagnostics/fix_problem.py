"""Fix Problem: fix a problem that Check Take found, and check the take again."""

from __future__ import annotations

import bpy

from ...core import errors
from ...jobs import running_job
from ...jobs.diagnostics import fixes
from ...scene.diagnostics import wording
from ..base.modal_job import ModalJobOperator
from . import check_take
from .jump_to_problem import check_found, chosen_problem


class DIFACE_OT_fix_problem(ModalJobOperator, bpy.types.Operator):
    """Fix this problem, and check the take again"""

    bl_idname = "diface.fix_problem"
    bl_label = "Fix Problem"
    bl_options = {"REGISTER", "UNDO"}

    index: bpy.props.IntProperty(name="Row", min=0, options={"SKIP_SAVE", "HIDDEN"})

    _makes_take = True

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Return the tooltip of the row's button."""
        try:
            return wording.KINDS[chosen_problem(context, properties.index).kind].tooltip
        except errors.SceneError:
            return cls.__doc__ or ""

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        check_found(context)
        running_job.check_idle()

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if _is_immediate(context, self.index):
            return self.execute(context)
        return super().invoke(context, event)

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        problem = chosen_problem(context, self.index)
        self._makes_take = problem.kind != "missing_shape"
        return fixes.begin(context, problem)

    def run(self, context: bpy.types.Context) -> str:
        problem = chosen_problem(context, self.index)
        if fixes.is_immediate(problem):
            fixes.apply(context, problem)
            message = f"Fixed: {problem.text}."
        else:
            message = super().run(context)
        check_take.start(context)
        return message

    def _result_message(self) -> str:
        return super()._result_message() if self._makes_take else " ".join(self._notes)

    def _finish(self, context: bpy.types.Context) -> set[str]:
        status = super()._finish(context)
        if status == {"FINISHED"}:
            check_take.start(context)
        return status


def _is_immediate(context: bpy.types.Context, index: int) -> bool:
    try:
        return fixes.is_immediate(chosen_problem(context, index))
    except errors.SceneError:
        return True  # `execute` reports it


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_fix_problem,))
