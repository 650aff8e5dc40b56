"""Unpin and Unpin All: lets go of keys that were kept."""

from __future__ import annotations

import bpy

from .. import properties
from ..core import channels, errors
from ..scene import pins, target, vertex_pins
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
        faces = _let_go_of_faces(obj, now) if self.where == "PLAYHEAD" and set(names) & set(channels.FACE) else 0
        if not chosen and not faces:
            where = "of the selected keys" if self.where == "KEYS" else f"at frame {now:g}"
            raise errors.SceneError(f"There is no pin {where} in these regions.", "Pins are the EXTREME keys.")
        pins.unpin(obj, chosen)
        return f"Let go of {_count(len(chosen) + faces)}."


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
        found, faces = pins.find(obj), _let_go_of_faces(obj)
        if not found and not faces:
            raise errors.SceneError("There are no pins.", "Key a shape or the head, or press Pin Pose.")
        pins.unpin(obj, found)
        return f"Let go of {_count(len(found) + faces)}."


def _let_go_of_faces(obj: bpy.types.Object, now: float | None = None) -> int:
    """Of sculpted faces of a 3DiFACE take, those at `now`, or all; how many there were."""
    take = vertex_pins.take_of(obj)
    if take is None:
        return 0
    actions = vertex_pins.actions_of(take)
    found = [frame for frame in vertex_pins.frames(actions) if now is None or abs(frame - now) <= NEAR]
    for frame in found:
        vertex_pins.remove(actions, frame)
    return len(found)


def _count(number: int) -> str:
    return f"{number} pin" + ("s" if number != 1 else "")


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_unpin, DIFACE_OT_unpin_all))
