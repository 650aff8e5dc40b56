"""Swap Keyframes: poses that change places, and the motion around them made anew (3DiFACE's keyframe_swap)."""

from __future__ import annotations

import math
import re

import bpy
import numpy as np

from ...core import channels, errors
from ...jobs import current, edit, edit_plan
from ...scene.pins import pins
from ...settings import choices, scene_settings
from ..base.modal_job import Background
from .regenerate import ROOM

_PAIR = re.compile(r"(-?\d+)\s*(?::|->|,)\s*(-?\d+)")
EXAMPLE = "Write pairs of frames as 12:40 55:80."


class DIFACE_OT_swap_keyframes(Background, bpy.types.Operator):
    """Let the poses of pairs of frames change places, and make the motion around them anew, as a new take"""

    bl_idname = "diface.swap_keyframes"
    bl_label = "Swap Keyframes"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        edit.check(context)
        read(context.scene.diface.edit.swaps)

    def begin(self, context: bpy.types.Context) -> current.RunningJob:
        settings = context.scene.diface.edit
        names, pairs, pull = choices.regions(settings.regions), read(settings.swaps), settings.pull

        def plan(base: edit_plan.Base) -> edit_plan.Plan:
            return swapped(base, scene_settings.character(bpy.context), pairs, names, pull)

        return edit.begin(context, plan)


def read(text: str) -> list[tuple[int, int]]:
    """Pairs of frames, each frame once. Raises SceneError."""
    rest = _PAIR.sub(" ", text)
    pairs = [(int(a), int(b)) for a, b in _PAIR.findall(text)]
    if not pairs or rest.replace(",", " ").replace(";", " ").strip():
        raise errors.SceneError(
            "No pairs of frames are named." if not text.strip() else f"{text} are no pairs.", EXAMPLE
        )
    frames = [frame for pair in pairs for frame in pair]
    twice = next((frame for frame in frames if frames.count(frame) > 1), None)
    if twice is not None:
        raise errors.SceneError(f"Frame {twice} is named twice.", "A frame can be in one pair only.")
    return pairs


def swapped(
    base: edit_plan.Base, obj: bpy.types.Object, pairs: list[tuple[int, int]], names: tuple[str, ...], pull: float
) -> edit_plan.Plan:
    """The poses of each pair of frames pinned at the other's, and the motion around both made anew."""
    outside = [frame for pair in pairs for frame in pair if not base.first_frame <= frame <= base.last_frame]
    if outside:
        message = f"Frame {outside[0]} is outside the take, which has {base.first_frame} to {base.last_frame}."
        raise errors.SceneError(message, EXAMPLE)
    reach = math.ceil(2 * pull + ROOM * base.motion.rate.value)
    made, new = np.zeros(base.motion.values.shape, bool), []
    for a, b in pairs:
        new += pins.at_frame(obj, names, a, of=b) + pins.at_frame(obj, names, b, of=a)
        for frame in (a, b):
            for part in (channels.FACE, channels.HEAD):
                if set(names) & set(part):
                    made |= base.rows(frame - reach, frame + reach, part)
    taken = {(pin.kind, pin.path, pin.index, pin.frame) for pin in new}
    rest = tuple(pin for pin in base.pins if (pin.kind, pin.path, pin.index, pin.frame) not in taken)
    return edit_plan.Plan(made, (*rest, *new), word="swapped")


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_swap_keyframes,))
