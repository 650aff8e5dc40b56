"""What all operators share: what an artist can mend becomes a message, and a greyed-out button says why."""

from __future__ import annotations

import bpy

from ...core import errors


class OperatorBase:
    """Mix-in for operators: implement `run`, and `check_ready` where the button may be grey."""

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        """Raises DifaceError where the operator cannot run; quick, as buttons ask on every redraw."""

    def run(self, context: bpy.types.Context) -> str | None:
        """Do the work; what it returns is shown to the artist. Raises DifaceError with nothing changed."""
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
            said = self.run(context)
        except errors.DifaceError as error:
            return self.report_error(error)
        if said:
            self.report({"INFO"}, said)
        redraw(context)
        return {"FINISHED"}

    def report_error(self, error: errors.DifaceError) -> set[str]:
        """Tell the artist what went wrong and what to do."""
        self.report({"INFO" if isinstance(error, errors.Cancelled) else "ERROR"}, str(error))
        return {"CANCELLED"}


def redraw(context: bpy.types.Context) -> None:
    """Have every editor show what was done: of keys that are written in one go Blender tells none of them."""
    for window in context.window_manager.windows if context.window_manager else ():
        for area in window.screen.areas:
            area.tag_redraw()
