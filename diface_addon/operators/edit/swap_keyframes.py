"""Swap Keyframes: exchange the poses of two frames and regenerate the motion around them (3DiFACE's keyframe_swap)."""

from __future__ import annotations

import math

import bpy
import numpy as np

from ...core import channels, errors
from ...jobs import edit, edit_plan, running_job
from ...scene.pins import pins
from ...settings import scene_settings
from ..base import region_choice
from ..base.modal_job import ModalJobOperator
from .regenerate import MARGIN_SECONDS

FramePair = tuple[int, int]


class DIFACE_OT_swap_keyframes(ModalJobOperator, bpy.types.Operator):
    """Exchange the poses of two frames in the chosen regions and regenerate the motion around them, as a new take"""

    bl_idname = "diface.swap_keyframes"
    bl_label = "Swap Keyframes"
    bl_options = {"REGISTER", "UNDO"}

    first: bpy.props.IntProperty(
        name="Frame", description="Used if it differs from With Frame", options={"HIDDEN", "SKIP_SAVE"}
    )
    second: bpy.props.IntProperty(name="With Frame", options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        edit.check(context)
        region_choice.check_regions(context)

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        settings, names = context.scene.diface.edit, region_choice.chosen_channels(context)
        pair = (self.first, self.second) if self.first != self.second else chosen_frames(context)
        falloff = settings.falloff

        def plan(base: edit_plan.EditContext) -> edit_plan.Plan:
            return plan_swap(base, scene_settings.character(bpy.context), [pair], names, falloff)

        return edit.begin(context, plan)


def chosen_frames(context: bpy.types.Context) -> FramePair:
    """Return the two frames that the panel chooses. Raises SceneError if they are not two."""
    settings = context.scene.diface.edit
    if settings.swap_choice == "KEYS":
        return selected_key_frames(scene_settings.character(context))
    if settings.swap_first == settings.swap_second:
        hint = "Enter two frames under Swap, or set it to Selected Keys."
        raise errors.SceneError("Two different frames are needed.", hint)
    return settings.swap_first, settings.swap_second


def selected_key_frames(obj: bpy.types.Object) -> FramePair:
    """Return the two frames that have selected keys. Raises SceneError if they are not exactly two."""
    curves = pins.pinnable_fcurves(obj)
    selected = {round(key.co.x) for curve in curves for key in curve.keyframe_points if key.select_control_point}
    if len(selected) != 2:
        message = f"Keys of exactly two frames must be selected. Selected: {len(selected)}."
        raise errors.SceneError(message, "Select them in the Dope Sheet or the Graph Editor.")
    first, second = sorted(selected)
    return first, second


def plan_swap(
    edit_context: edit_plan.EditContext,
    obj: bpy.types.Object,
    pairs: list[FramePair],
    names: tuple[str, ...],
    falloff: float,
) -> edit_plan.Plan:
    """Return the plan that pins the pose of each frame at the other frame of its pair.

    Args:
        edit_context: The motion that is edited.
        obj: The character.
        pairs: Pairs of frames.
        names: Channels whose values are exchanged.
        falloff: Frames before and after a pin that adapt to it.

    Raises:
        SceneError: A frame is outside the take.
    """
    _check_inside(edit_context, pairs)
    reach = math.ceil(2 * falloff + MARGIN_SECONDS * edit_context.motion.rate.value)
    mask, swapped = np.zeros(edit_context.motion.values.shape, bool), []
    for a, b in pairs:
        swapped += pins.pose_pins(obj, names, a, source_frame=b) + pins.pose_pins(obj, names, b, source_frame=a)
        for frame in (a, b):
            for part in (channels.SPEECH, channels.HEAD):
                if set(names) & set(part):
                    mask |= edit_context.regenerate_mask(frame - reach, frame + reach, part)
    replaced = {(pin.kind, pin.path, pin.index, pin.frame) for pin in swapped}
    kept = tuple(pin for pin in edit_context.pins if (pin.kind, pin.path, pin.index, pin.frame) not in replaced)
    label = "swap " + " ".join(f"{a}-{b}" for a, b in pairs)
    return edit_plan.Plan(mask, (*kept, *swapped), label=label)


def _check_inside(edit_context: edit_plan.EditContext, pairs: list[FramePair]) -> None:
    first, last = edit_context.first_frame, edit_context.last_frame
    outside = [frame for pair in pairs for frame in pair if not first <= frame <= last]
    if outside:
        message = f"Frame {outside[0]} is outside the take, which has frames {first} to {last}."
        raise errors.SceneError(message, "Choose frames within it.")


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_swap_keyframes,))
