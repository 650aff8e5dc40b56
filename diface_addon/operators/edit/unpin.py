"""Unpin and Unpin All: lets go of keys that were kept."""

from __future__ import annotations

import bpy

from ...core import channels, errors
from ...scene.animation import character_checks
from ...scene.keys import editable_actions
from ...scene.pins import pins, vertex_pins
from ...settings import scene_settings
from ..base import region_choice
from ..base.operator_base import OperatorBase

PLAYHEAD_TOLERANCE = 0.5
"""Frames from the playhead within which a pin is at it."""


class DIFACE_OT_unpin(OperatorBase, bpy.types.Operator):
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
    region: bpy.props.EnumProperty(name="Region", items=region_choice.REGION_CHOICES, options={"SKIP_SAVE"})

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        obj = scene_settings.character(context)
        character_checks.check(obj, ())
        character_checks.check_keys_editable(obj)

    def run(self, context: bpy.types.Context) -> str:
        obj, names = scene_settings.character(context), region_choice.chosen_channels(context, self.region)
        now = context.scene.frame_current_final
        if self.where == "KEYS":
            found = pins.selected_pins(obj)
        else:
            found = [pin for pin in pins.find_pins(obj) if abs(pin.frame - now) <= PLAYHEAD_TOLERANCE]
        chosen = [pin for pin in found if (pins.face_channel(pin) or "head_rx") in names]
        faces = _vertex_pin_frames(obj, now) if self.where == "PLAYHEAD" and set(names) & set(channels.FACE) else []
        if not chosen and not faces:
            where = "of the selected keys" if self.where == "KEYS" else f"at frame {now:g}"
            raise errors.SceneError(f"There is no pin {where} in these regions.", "Pins are the EXTREME keys.")
        return _remove_pins(obj, chosen, faces)


class DIFACE_OT_unpin_all(OperatorBase, bpy.types.Operator):
    """Let go of all pins of the character: what was generated comes back"""

    bl_idname = "diface.unpin_all"
    bl_label = "Unpin All"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        obj = scene_settings.character(context)
        character_checks.check(obj, ())
        character_checks.check_keys_editable(obj)

    def run(self, context: bpy.types.Context) -> str:
        obj = scene_settings.character(context)
        found, faces = pins.find_pins(obj), _vertex_pin_frames(obj)
        if not found and not faces:
            raise errors.SceneError("There are no pins.", "Key a shape or the head, or press Pin Pose.")
        return _remove_pins(obj, found, faces)


def _vertex_pin_frames(obj: bpy.types.Object, at_frame: float | None = None) -> list[float]:
    """The frames of the sculpted faces of a 3DiFACE take: of that at `now`, or of all."""
    take = vertex_pins.find_take(obj)
    found = vertex_pins.pin_frames(vertex_pins.take_actions(take)) if take else []
    return [frame for frame in found if at_frame is None or abs(frame - at_frame) <= PLAYHEAD_TOLERANCE]


def _remove_pins(obj: bpy.types.Object, chosen: list[pins.Pin], vertex_pin_frames: list[float]) -> str:
    """Let go of keys, and of the sculpted faces at frames; what is told of it. Raises SceneError where all stay."""
    actions = vertex_pins.take_actions(vertex_pins.find_take(obj)) if vertex_pin_frames else []
    editable_actions.check(actions)
    let_go = pins.unpin(obj, chosen)
    for frame in vertex_pin_frames:
        vertex_pins.remove_pin(actions, frame)
    if not let_go.count and not vertex_pin_frames:
        raise errors.SceneError(" ".join(let_go.notes), "Unlock their curves in the Graph Editor.")
    return " ".join([f"Let go of {_pin_count(let_go.count + len(vertex_pin_frames))}.", *let_go.notes])


def _pin_count(number: int) -> str:
    return f"{number} pin" + ("s" if number != 1 else "")


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_unpin, DIFACE_OT_unpin_all))
