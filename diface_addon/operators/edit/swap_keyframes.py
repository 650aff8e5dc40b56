"""Swap Keyframes: poses that change places, and the motion around them made anew (3DiFACE's keyframe_swap)."""

from __future__ import annotations

import math
import re

import bpy
import numpy as np

from ...core import channels, errors
from ...jobs import edit, edit_plan, running_job
from ...scene.pins import pins
from ...settings import choices, scene_settings
from ..base.modal_job import ModalJobOperator
from .regenerate import MARGIN_SECONDS

_PAIR = re.compile(r"(-?\d+)\s*(?::|->|,)\s*(-?\d+)")
FORMAT_HINT = "Write pairs of frames as 12:40 55:80."


class DIFACE_OT_swap_keyframes(ModalJobOperator, bpy.types.Operator):
    """Let the poses of pairs of frames change places, and make the motion around them anew, as a new take"""

    bl_idname = "diface.swap_keyframes"
    bl_label = "Swap Keyframes"
    bl_options = {"UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        edit.check(context)
        parse_frame_pairs(context.scene.diface.edit.swaps)

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        settings = context.scene.diface.edit
        names, pairs, falloff = (
            choices.region_channels(settings.regions),
            parse_frame_pairs(settings.swaps),
            settings.falloff,
        )

        def plan(base: edit_plan.EditContext) -> edit_plan.Plan:
            return plan_swap(base, scene_settings.character(bpy.context), pairs, names, falloff)

        return edit.begin(context, plan)


def parse_frame_pairs(text: str) -> list[tuple[int, int]]:
    """Pairs of frames, each frame once. Raises SceneError."""
    rest = _PAIR.sub(" ", text)
    pairs = [(int(a), int(b)) for a, b in _PAIR.findall(text)]
    if not pairs or rest.replace(",", " ").replace(";", " ").strip():
        raise errors.SceneError(
            "No pairs of frames are named." if not text.strip() else f"{text} are no pairs.", FORMAT_HINT
        )
    frames = [frame for pair in pairs for frame in pair]
    twice = next((frame for frame in frames if frames.count(frame) > 1), None)
    if twice is not None:
        raise errors.SceneError(f"Frame {twice} is named twice.", "A frame can be in one pair only.")
    return pairs


def plan_swap(
    edit_context: edit_plan.EditContext,
    obj: bpy.types.Object,
    pairs: list[tuple[int, int]],
    names: tuple[str, ...],
    falloff: float,
) -> edit_plan.Plan:
    """The poses of each pair of frames pinned at the other's, and the motion around both made anew."""
    outside = [
        frame for pair in pairs for frame in pair if not edit_context.first_frame <= frame <= edit_context.last_frame
    ]
    if outside:
        message = f"Frame {outside[0]} is outside the take, which has {edit_context.first_frame} to {edit_context.last_frame}."
        raise errors.SceneError(message, FORMAT_HINT)
    reach = math.ceil(2 * falloff + MARGIN_SECONDS * edit_context.motion.rate.value)
    made, new = np.zeros(edit_context.motion.values.shape, bool), []
    for a, b in pairs:
        new += pins.pose_pins(obj, names, a, source_frame=b) + pins.pose_pins(obj, names, b, source_frame=a)
        for frame in (a, b):
            for part in (channels.FACE, channels.HEAD):
                if set(names) & set(part):
                    made |= edit_context.regenerate_mask(frame - reach, frame + reach, part)
    taken = {(pin.kind, pin.path, pin.index, pin.frame) for pin in new}
    rest = tuple(pin for pin in edit_context.pins if (pin.kind, pin.path, pin.index, pin.frame) not in taken)
    return edit_plan.Plan(made, (*rest, *new), name_suffix="swapped")


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_swap_keyframes,))
