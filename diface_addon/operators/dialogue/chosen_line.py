"""The line that an operator works on."""

from __future__ import annotations

import bpy

from ...core import errors
from ...jobs.dialogue import lines
from ...scene.audio import audio_strip
from ..base.operator_base import OperatorBase

NO_LINE = "Choose a line in the panel Dialogue, or select its strip."


class LineOperator(OperatorBase):
    """Mix-in for operators on one line: that of `strip`, on `side`."""

    strip: bpy.props.StringProperty(
        name="Strip", description="Sound strip. Empty: the active strip", options={"HIDDEN", "SKIP_SAVE"}
    )
    side: bpy.props.EnumProperty(
        name="Side",
        description="Side of the sound. Any: the character's that is chosen first",
        items=(("ANY", "Any", ""), ("LEFT", "Left", ""), ("RIGHT", "Right", "")),
        options={"HIDDEN", "SKIP_SAVE"},
    )

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        check_any(context)

    def find_line(self, context: bpy.types.Context) -> lines.SceneLine:
        """Return the line. Raises SceneError if the strip has no character on this side."""
        name = self.strip or _active_strip(context)
        named = [item for item in lines.find_lines(context) if item.strip.name == name]
        wanted = [item for item in named if self.side in ("ANY", item.side.upper())]
        first = [item for item in wanted if item.speaker == item.strip.diface.character]
        if not wanted:
            raise errors.SceneError("No sound strip with a character is chosen.", NO_LINE)
        return (first or wanted)[0]


def check_any(context: bpy.types.Context) -> None:
    """Raise SceneError if there is no sound strip. Fast enough for a button's poll."""
    if not audio_strip.list_strips(context):
        raise errors.SceneError("There is no sound strip.", "Add one in the Sequencer, or press Load Audio.")


def _active_strip(context: bpy.types.Context) -> str:
    """Return the name of the active sound strip; "" without one."""
    editors = dict.fromkeys(scene.sequence_editor for scene, _strip in audio_strip.list_strips(context))
    active = (editor.active_strip for editor in editors)
    return next((strip.name for strip in active if strip and strip.type in audio_strip.AUDIBLE), "")
