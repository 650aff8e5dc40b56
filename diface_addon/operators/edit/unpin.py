"""Unpin and Unpin All: lets go of keys that were kept."""

from __future__ import annotations

import bpy

from ...core import channels, errors
from ...scene.animation import target
from ...scene.keys import editable
from ...scene.pins import pins, vertex_pins
from ...settings import scene_settings
from ..base import region_choice
from ..base.operator import Verb

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
        obj = scene_settings.character(context)
        target.check(obj, ())
        target.check_keys(obj)

    def run(self, context: bpy.types.Context) -> str:
        obj, names = scene_settings.character(context), region_choice.names(context, self.region)
        now = context.scene.frame_current_final
        if self.where == "KEYS":
            found = pins.selected(obj)
        else:
            found = [pin for pin in pins.find(obj) if abs(pin.frame - now) <= NEAR]
        chosen = [pin for pin in found if (pins.channel_of(pin) or "head_rx") in names]
        faces = _faces(obj, now) if self.where == "PLAYHEAD" and set(names) & set(channels.FACE) else []
        if not chosen and not faces:
            where = "of the selected keys" if self.where == "KEYS" else f"at frame {now:g}"
            raise errors.SceneError(f"There is no pin {where} in these regions.", "Pins are the EXTREME keys.")
        return _let_go(obj, chosen, faces)


class DIFACE_OT_unpin_all(Verb, bpy.types.Operator):
    """Let go of all pins of the character: what was generated comes back"""

    bl_idname = "diface.unpin_all"
    bl_label = "Unpin All"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        obj = scene_settings.character(context)
        target.check(obj, ())
        target.check_keys(obj)

    def run(self, context: bpy.types.Context) -> str:
        obj = scene_settings.character(context)
        found, faces = pins.find(obj), _faces(obj)
        if not found and not faces:
            raise errors.SceneError("There are no pins.", "Key a shape or the head, or press Pin Pose.")
        return _let_go(obj, found, faces)


def _faces(obj: bpy.types.Object, now: float | None = None) -> list[float]:
    """The frames of the sculpted faces of a 3DiFACE take: of that at `now`, or of all."""
    take = vertex_pins.take_of(obj)
    found = vertex_pins.frames(vertex_pins.actions_of(take)) if take else []
    return [frame for frame in found if now is None or abs(frame - now) <= NEAR]


def _let_go(obj: bpy.types.Object, chosen: list[pins.Pin], faces: list[float]) -> str:
    """Let go of keys, and of the sculpted faces at frames; what is told of it. Raises SceneError where all stay."""
    actions = vertex_pins.actions_of(vertex_pins.take_of(obj)) if faces else []
    editable.check(actions)
    let_go = pins.unpin(obj, chosen)
    for frame in faces:
        vertex_pins.remove(actions, frame)
    if not let_go.count and not faces:
        raise errors.SceneError(" ".join(let_go.notes), "Unlock their curves in the Graph Editor.")
    return " ".join([f"Let go of {_count(let_go.count + len(faces))}.", *let_go.notes])


def _count(number: int) -> str:
    return f"{number} pin" + ("s" if number != 1 else "")


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_unpin, DIFACE_OT_unpin_all))
