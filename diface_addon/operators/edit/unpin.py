"""Unpin and Unpin All: remove pins and restore the generated values."""

from __future__ import annotations

import bpy

from ...core import channels, errors
from ...jobs import edit_scope
from ...scene.animation import character_checks
from ...scene.keys import editable_actions
from ...scene.keys.wording import count_noun
from ...scene.pins import pins, vertex_pins
from ...settings import scene_settings
from ...settings.directing import direction_settings
from ..base import region_choice
from ..base.operator_base import OperatorBase

PLAYHEAD_TOLERANCE = 0.5
"""Frames from the playhead within which a pin counts as at it."""


class UnpinOperator(OperatorBase):
    """Mix-in for operators that remove pins of the character."""

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        obj = scene_settings.character(context)
        character_checks.check(obj, ())
        character_checks.check_keys_editable(obj)
        region_choice.check_regions(context)
        if not pins.pinnable_fcurves(obj) and not vertex_pins.find_take(obj):
            raise errors.SceneError(f"{obj.name} has no animation yet.", "Generate a take first.")


class DIFACE_OT_unpin(UnpinOperator, bpy.types.Operator):
    """Remove pins in the chosen regions and restore the generated values"""

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

    def run(self, context: bpy.types.Context) -> str:
        obj, names = scene_settings.character(context), region_choice.chosen_channels(context, self.region)
        now = context.scene.frame_current_final
        if self.where == "KEYS":
            candidates = pins.selected_pins(obj)
        else:
            candidates = [pin for pin in pins.find_pins(obj) if abs(pin.frame - now) <= PLAYHEAD_TOLERANCE]
        chosen = edit_scope.pins_on_channels(candidates, names)
        faces = _vertex_pin_frames(obj, now) if self.where == "PLAYHEAD" and set(names) & set(channels.FACE) else []
        if not chosen and not faces:
            where = "of the selected keys" if self.where == "KEYS" else f"at frame {now:g}"
            hint = "Pins are the keys of type Extreme; the list in the Edit panel has their frames."
            raise errors.SceneError(f"There is no pin {where} in these regions.", hint)
        return _remove_pins(obj, chosen, faces)


class DIFACE_OT_unpin_all(UnpinOperator, bpy.types.Operator):
    """Remove all pins in the chosen regions, on every frame, and restore the generated values"""

    bl_idname = "diface.unpin_all"
    bl_label = "Unpin All"
    bl_options = {"REGISTER", "UNDO"}

    region: bpy.props.EnumProperty(name="Region", items=region_choice.REGION_CHOICES, options={"SKIP_SAVE", "HIDDEN"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        message = "Remove the pins in the chosen regions on every frame?"
        return context.window_manager.invoke_confirm(
            self, event, title=self.bl_label, message=message, confirm_text="Unpin All"
        )

    def run(self, context: bpy.types.Context) -> str:
        obj, names = scene_settings.character(context), region_choice.chosen_channels(context, self.region)
        chosen = edit_scope.pins_on_channels(pins.find_pins(obj), names)
        faces = _vertex_pin_frames(obj) if set(names) & set(channels.FACE) else []
        if not chosen and not faces:
            hint = "Key a shape or the head, or press Pin Pose."
            raise errors.SceneError("There are no pins in these regions.", hint)
        return _remove_pins(obj, chosen, faces)


def _vertex_pin_frames(obj: bpy.types.Object, at_frame: float | None = None) -> list[float]:
    """Return the frames of sculpted faces of a 3DiFACE take: the one at a frame, or all."""
    take = vertex_pins.find_take(obj)
    frames = vertex_pins.pin_frames(vertex_pins.take_actions(take)) if take else []
    return [frame for frame in frames if at_frame is None or abs(frame - at_frame) <= PLAYHEAD_TOLERANCE]


def _remove_pins(obj: bpy.types.Object, chosen: list[pins.Pin], vertex_pin_frames: list[float]) -> str:
    """Remove pins, and sculpted faces at frames; return the message. Raises SceneError if none could be removed."""
    actions = vertex_pins.take_actions(vertex_pins.find_take(obj)) if vertex_pin_frames else []
    editable_actions.check(actions)
    with direction_settings.changing_plain(obj):
        removed = pins.unpin(obj, chosen)
    for frame in vertex_pin_frames:
        vertex_pins.remove_pin(actions, frame)
    if not removed.count and not vertex_pin_frames:
        raise errors.SceneError(" ".join(removed.notes), "Unlock their curves in the Graph Editor.")
    return "\n".join([f"Removed {count_noun(removed.count + len(vertex_pin_frames), 'pin')}.", *removed.notes])


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_unpin, DIFACE_OT_unpin_all))
