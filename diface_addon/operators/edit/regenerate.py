"""Regenerate: the artist's keys stay, and the motion around them is made anew."""

from __future__ import annotations

import math

import bpy
import numpy as np

from ...core import channels, errors
from ...jobs import current, edit, edit_plan, edit_scope
from ..base.modal_job import Background

ROOM = 0.4
"""Seconds beyond twice the pull within which the motion may answer a pin."""


class DIFACE_OT_regenerate(Background, bpy.types.Operator):
    """Make the motion around the keys that you changed anew, as a new take; every key stays to the last digit"""

    bl_idname = "diface.regenerate"
    bl_label = "Regenerate"
    bl_options = {"REGISTER", "UNDO"}

    where: bpy.props.EnumProperty(
        name="Where",
        items=(
            ("AROUND", "Around Pins", "Only around keys that were changed since the take was made"),
            ("ALL", "All", "Everything but the pins, with the seed of the panel"),
        ),
    )

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        edit.check(context)

    def begin(self, context: bpy.types.Context) -> current.RunningJob:
        if self.where == "ALL":
            seed = context.scene.diface.seed
            return edit.begin(context, lambda base: everything(base, seed))
        pull = context.scene.diface.edit.pull
        return edit.begin(context, lambda base: around(base, pull))


def everything(base: edit_plan.Base, seed: int) -> edit_plan.Plan:
    """All that is not pinned."""
    made = base.rows(base.first_frame, base.last_frame, channels.ALL)
    return edit_plan.Plan(made, base.pins, seed)


def around(base: edit_plan.Base, pull: float) -> edit_plan.Plan:
    """What is near pins that the motion does not know yet, as far as it answers them.

    Raises SceneError where there are none, or none that the take has a place for.
    """
    if not base.unsettled:
        hint = "Key a shape or the head, or pin a pose, and press it again; All makes everything else anew."
        raise errors.SceneError("No key was changed since this take was made.", hint)
    reach = math.ceil(2 * pull + ROOM * base.motion.rate.value)
    made = np.zeros(base.motion.values.shape, bool)
    for pin in base.unsettled:
        answer = edit_scope.ANSWERS[edit_scope.to(pin)].channels
        made |= base.rows(math.floor(pin.frame) - reach, math.ceil(pin.frame) + reach, answer)
    if not made.any():
        raise _nowhere(base)
    return edit_plan.Plan(made, base.pins)


def _nowhere(base: edit_plan.Base) -> errors.SceneError:
    """Why no pin is answered."""
    if all(base.is_beyond(pin) for pin in base.unsettled):
        message = f"The keys that were changed are outside the take, which has {base.first_frame} to {base.last_frame}."
        return errors.SceneError(message, "Key within it, or generate for a longer strip.")
    parts = sorted({edit_scope.ANSWERS[edit_scope.to(pin)].part for pin in base.unsettled})
    message = f"Only keys of the {' and '.join(parts)} were changed, which DiFACE does not move in this take."
    return errors.SceneError(message, "They stay as they are; to have both moved, generate with Both.")


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_regenerate,))
