"""Assign Lines: give sound strips their characters, by selection, by channel or by name."""

from __future__ import annotations

import bpy

from ...core import errors
from ...jobs.dialogue import find_speakers
from ...scene.audio import audio_strip
from ...scene.keys.wording import count_noun
from ...settings import scene_settings
from ..base.operator_base import OperatorBase
from . import chosen_line

HINT = "Select strips in the Sequencer."


class DIFACE_OT_assign_lines(OperatorBase, bpy.types.Operator):
    """Give sound strips the characters that speak them"""

    bl_idname = "diface.assign_lines"
    bl_label = "Assign Lines"
    bl_options = {"REGISTER", "UNDO"}

    by: bpy.props.EnumProperty(
        name="By",
        description="Which strips get which character",
        items=(
            ("SELECTED", "Selected Strips", "The selected strips get the character of the panel"),
            ("CHANNEL", "Channel", "All strips on the channels of the selected ones get the character of the panel"),
            (
                "NAME",
                "Names",
                "Strips without a character get the one whose name is in the name of the strip, its file or its "
                "channel",
            ),
            ("CLEAR", "Clear", "The selected strips lose their characters"),
        ),
    )

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        items = cls.bl_rna.properties["by"].enum_items if hasattr(cls, "bl_rna") else {}
        return items[properties.by].description if properties.by in items else cls.__doc__ or ""

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        chosen_line.check_any(context)

    def run(self, context: bpy.types.Context) -> str:
        if self.by == "NAME":
            return _by_name(context)
        strips = [strip for _scene, strip in audio_strip.list_strips(context) if strip.select]
        if not strips:
            raise errors.SceneError("No sound strip is selected.", HINT)
        if self.by == "CHANNEL":
            chosen = {(strip.id_data, strip.channel) for strip in strips}
            every = [strip for _scene, strip in audio_strip.list_strips(context)]
            strips = [strip for strip in every if (strip.id_data, strip.channel) in chosen]
        obj = None if self.by == "CLEAR" else scene_settings.character(context)
        if obj is None and self.by != "CLEAR":
            raise errors.SceneError("No character is chosen.", "Choose one in the DiFACE panel, or click it.")
        for strip in strips:
            strip.diface.character = obj
        count = count_noun(len(strips), "strip")
        return f"{obj.name} speaks {count}." if obj else f"{count} without a character."


def _by_name(context: bpy.types.Context) -> str:
    """Assign the strips whose speakers their names tell. Raises SceneError if none does."""
    speakers = find_speakers.by_name(context)
    if not speakers:
        hint = "Name strips, sound files or channels after their characters, or choose characters in the list."
        raise errors.SceneError("No strip without a character has the name of one.", hint)
    for strip, obj in speakers:
        strip.diface.character = obj
    names = ", ".join(dict.fromkeys(obj.name for _strip, obj in speakers))
    return f"{count_noun(len(speakers), 'strip')} assigned by name: {names}."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_assign_lines,))
