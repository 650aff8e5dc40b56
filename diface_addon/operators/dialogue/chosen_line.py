"""The line that an operator works on."""

from __future__ import annotations

import bpy

from ...core import errors
from ...jobs.dialogue import lines
from ...scene.audio import audio_strip

NO_LINE = "Choose a line in the panel Dialogue, or select its strip."


def side_property() -> object:
    """Return the property of an operator that names the side of a strip."""
    return bpy.props.EnumProperty(
        name="Side",
        description="Side of the sound. Any: the character's that is chosen first",
        items=(("ANY", "Any", ""), ("LEFT", "Left", ""), ("RIGHT", "Right", "")),
        options={"HIDDEN", "SKIP_SAVE"},
    )


def find(context: bpy.types.Context, strip: str, side: str = "ANY") -> lines.SceneLine:
    """Return the line of the strip with this name, for an empty name of the active strip. Raises SceneError."""
    name = strip or active_strip(context)
    named = [item for item in lines.find_lines(context) if item.strip.name == name]
    wanted = (item for item in named if side in ("ANY", item.side.upper()))
    found = next((item for item in wanted if side != "ANY" or item.speaker == item.strip.diface.character), None)
    if found is None:
        raise errors.SceneError("No sound strip with a character is chosen.", NO_LINE)
    return found


def check_any(context: bpy.types.Context) -> None:
    """Raise SceneError if there is no sound strip. Fast enough for a button's poll."""
    if not audio_strip.list_strips(context):
        raise errors.SceneError("There is no sound strip.", "Add one in the Sequencer, or press Load Audio.")


def active_strip(context: bpy.types.Context) -> str:
    """Return the name of the active sound strip; "" without one."""
    editors = dict.fromkeys(scene.sequence_editor for scene, _strip in audio_strip.list_strips(context))
    active = (editor.active_strip for editor in editors)
    return next((strip.name for strip in active if strip and strip.type in audio_strip.AUDIBLE), "")
