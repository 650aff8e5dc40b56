"""Regenerate: the artist's keys stay, and the motion around them is made anew."""

from __future__ import annotations

import math

import bpy
import numpy as np

from ...core import channels, errors
from ...jobs import edit, edit_plan, edit_scope, running_job
from ..base.modal_job import ModalJobOperator

MARGIN_SECONDS = 0.4
"""Seconds beyond twice the pull within which the motion may answer a pin."""


class DIFACE_OT_regenerate(ModalJobOperator, bpy.types.Operator):
    """Make the motion around the keys that you changed anew, as a new take; every key stays to the last digit"""

    bl_idname = "diface.regenerate"
    bl_label = "Regenerate"
    bl_options = {"UNDO"}

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

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        if self.where == "ALL":
            seed = context.scene.diface.seed
            return edit.begin(context, lambda base: plan_all(base, seed))
        falloff = context.scene.diface.edit.falloff
        return edit.begin(context, lambda base: plan_around_pins(base, falloff))


def plan_all(edit_context: edit_plan.EditContext, seed: int) -> edit_plan.Plan:
    """All that is not pinned."""
    made = edit_context.regenerate_mask(edit_context.first_frame, edit_context.last_frame, channels.ALL)
    return edit_plan.Plan(made, edit_context.pins, seed)


def plan_around_pins(edit_context: edit_plan.EditContext, falloff: float) -> edit_plan.Plan:
    """What is near pins that the motion does not know yet, as far as it answers them.

    Raises SceneError where there are none, or none that the take has a place for.
    """
    if not edit_context.changed_pins:
        hint = "Key a shape or the head, or pin a pose, and press it again; All makes everything else anew."
        raise errors.SceneError("No key was changed since this take was made.", hint)
    reach = math.ceil(2 * falloff + MARGIN_SECONDS * edit_context.motion.rate.value)
    made = np.zeros(edit_context.motion.values.shape, bool)
    for pin in edit_context.changed_pins:
        answer = edit_scope.SCOPES[edit_scope.scope_name(pin)].channels
        made |= edit_context.regenerate_mask(math.floor(pin.frame) - reach, math.ceil(pin.frame) + reach, answer)
    if not made.any():
        raise _unreachable_pins_error(edit_context)
    return edit_plan.Plan(made, edit_context.pins)


def _unreachable_pins_error(edit_context: edit_plan.EditContext) -> errors.SceneError:
    """Why no pin is answered."""
    if all(edit_context.is_outside(pin) for pin in edit_context.changed_pins):
        message = f"The keys that were changed are outside the take, which has {edit_context.first_frame} to {edit_context.last_frame}."
        return errors.SceneError(message, "Key within it, or generate for a longer strip.")
    parts = sorted({edit_scope.SCOPES[edit_scope.scope_name(pin)].part for pin in edit_context.changed_pins})
    message = f"Only keys of the {' and '.join(parts)} were changed, which DiFACE does not move in this take."
    return errors.SceneError(message, "They stay as they are; to have both moved, generate with Both.")


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_regenerate,))
