"""Unpin and Unpin All: lets go of keys that were kept."""

from __future__ import annotations

import bpy

from .. import properties
from ..core import errors
from ..scene import pins, target
from . import region_choice
from .verb import Verb

NEAR = 0.5
"""Frames from the playhead within which a pin is at it."""


class DIFACE_OT_unpin(Verb, bpy.types.Operator):
    """Let go of pins: what was generated comes back, and is made anew with what is around it"""

    bl_idname = "diface.unpin"
    bl_label = "Unpin"
    bl_options = {"REGISTER", "UNDO"}

    where: bpy.props.EnumProperty(
        name="Where",
        items=(
            ("PLAYHEAD", "Playhead", "Pins at the current frame"),
            ("KEYS", "Selected Keys", "Pins whose keys are selected in the Dope Sheet or the Graph Editor"),
        ),
        options={"SKIP_SAVE"},
    )
    region: bpy.props.EnumProperty(name="Region", items=region_choice.CHOICES, options={"SKIP_SAVE"})

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        target.check(properties.character(context), ())

    def run(self, context: bpy.types.Context) -> str:
        obj, names = properties.character(context), region_choice.names(context, self.region)
        now = context.scene.frame_current_final
        if self.where == "KEYS":
            found = pins.selected(obj)
        else:
            found = [pin for pin in pins.find(obj) if abs(pin.frame - now) <= NEAR]
        chosen = [pin for pin in found if (pins.channel_of(pin) or "head_rx") in names]
        if not chosen:
            where = "of the selected keys" if self.where == "KEYS" else f"at frame {now:g}"
            raise errors.SceneError(f"There is no pin {where} in these regions.", "Pins are the EXTREME keys.")
        pins.unpin(obj, chosen)
        return f"Let go of {_count(chosen)}."


class DIFACE_OT_unpin_all(Verb, bpy.types.Operator):
    """Let go of all pins of the character: what was generated comes back"""

    bl_idname = "diface.unpin_all"
    bl_label = "Unpin All"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        target.check(properties.character(context), ())

    def run(self, context: bpy.types.Context) -> str:
        obj = properties.character(context)
        found = pins.find(obj)
        if not found:
            raise errors.SceneError("There are no pins.", "Key a shape or the head, or press Pin Pose.")
        pins.unpin(obj, found)
        return f"Let go of {_count(found)}."


def _count(found: list[pins.Pin]) -> str:
    return f"{len(found)} pin" + ("s" if len(found) != 1 else "")


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_unpin, DIFACE_OT_unpin_all))
