"""Create Environment: make a Python environment with torch for the worker, after showing what is run."""

from __future__ import annotations

import textwrap

import bpy

from ...core import errors
from ...jobs import running_job
from ...jobs.setup import create_environment
from ..base.modal_job import ModalJobOperator

DIALOG_WIDTH, DIALOG_LETTERS = 700, 110
"""Width of the dialog in pixels at a resolution scale of 1, and letters in its lines."""


class DIFACE_OT_create_environment(ModalJobOperator, bpy.types.Operator):
    """Create a Python environment with torch for 3DiFACE models, for Worker Python. Shows the commands first"""

    bl_idname = "diface.create_environment"
    bl_label = "Create Environment"
    bl_options = {"INTERNAL"}

    confirmed: bpy.props.BoolProperty(name="Confirmed", options={"HIDDEN", "SKIP_SAVE"})

    _lines: tuple[str, ...] = ()

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        create_environment.check_can_create()

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.confirmed or context.window is None or bpy.app.background:
            return super().invoke(context, event)
        try:
            self._lines = dialog_lines(create_environment.make_plan())
        except errors.DifaceError as error:
            return self.report_error(error)
        return context.window_manager.invoke_props_dialog(self, width=DIALOG_WIDTH)

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the dialog: what is run, and how much is downloaded."""
        column = self.layout.column(align=True)
        for line in self._lines:
            column.label(text=line)

    def execute(self, context: bpy.types.Context) -> set[str]:
        if context.window is not None and not bpy.app.background and not self.confirmed:
            bpy.ops.diface.create_environment("INVOKE_DEFAULT", confirmed=True)
            return {"FINISHED"}
        return super().execute(context)

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        return create_environment.begin(create_environment.make_plan())

    def _result_message(self) -> str:
        return "\n".join([f"Worker Python is {self._result_names[0]}.", *self._notes])


def dialog_lines(plan: create_environment.EnvironmentPlan) -> tuple[str, ...]:
    """Return the lines of the dialog."""
    lines = ["These commands will be run:"]
    for command in plan.command_lines:
        lines += _wrap(command)
    size, named = create_environment.download_size(plan), create_environment.named_packages(plan)
    installed = f"They install {named} and what these need. pip refuses files whose hash is not in the list."
    return (
        *lines,
        *textwrap.wrap(installed, DIALOG_LETTERS),
        f"Download: about {size}. Worker Python in the preferences is set when all have succeeded.",
    )


def _wrap(command: str) -> list[str]:
    """Return the lines of a command, broken at spaces only."""
    options = {"break_long_words": False, "break_on_hyphens": False}
    return textwrap.wrap(command, DIALOG_LETTERS, initial_indent="    ", subsequent_indent="        ", **options)


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_create_environment,))
