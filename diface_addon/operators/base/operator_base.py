"""Base class of all operators: errors that the user can fix become messages, and a grey button says why it is grey."""

from __future__ import annotations

import bpy

from ...core import errors
from ...settings import messages


class OperatorBase:
    """Mix-in for operators: implement `run`, and `check_ready` if the button can be grey."""

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        """Raise DifaceError if the operator cannot run. Must be fast: buttons call it on every redraw."""

    def run(self, context: bpy.types.Context) -> str | None:
        """Do the work and return a message for the user. Raises DifaceError with nothing changed."""
        raise NotImplementedError

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        try:
            cls.check_ready(context)
        except errors.DifaceError as error:
            cls.poll_message_set(str(error))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            message = self.run(context)
        except errors.DifaceError as error:
            return self.report_error(error)
        if message:
            self.notify(message)
        redraw(context)
        return {"FINISHED"}

    def report_error(self, error: errors.DifaceError) -> set[str]:
        """Show what is wrong and what to do."""
        self.notify(str(error), is_error=not isinstance(error, errors.Cancelled))
        return {"CANCELLED"}

    def notify(self, text: str, is_error: bool = False) -> None:
        """Show a message, one line per note, in the status bar and in the panel of this operator's topic."""
        self.report({"ERROR" if is_error else "INFO"}, text.replace("\n", " "))
        messages.show(bpy.context, self.topic(), text, is_error)

    @classmethod
    def topic(cls) -> str:
        """Return the package that the operator is in, which names the panel of its messages: "edit", "takes" ..."""
        return cls.__module__.split(".")[-2]


def redraw(context: bpy.types.Context) -> None:
    """Redraw every editor: Blender does not notice keys that are written with foreach_set."""
    for window in context.window_manager.windows if context.window_manager else ():
        for area in window.screen.areas:
            area.tag_redraw()
