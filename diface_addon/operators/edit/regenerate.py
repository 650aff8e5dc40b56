"""Regenerate: new motion around the keys that the user changed, or everywhere; pins are kept."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from ...core import channels, errors
from ...jobs import edit, edit_plan, edit_scope, edit_seed, running_job
from ..base import region_choice
from ..base.modal_job import ModalJobOperator

MARGIN_SECONDS = 0.4
"""Seconds beyond twice the falloff within which the motion may adapt to a pin."""

AROUND = "around"
"""Entry of an edit's record: frame and scope of each pin that was new to it."""


class DIFACE_OT_regenerate(ModalJobOperator, bpy.types.Operator):
    """Regenerate the motion of the chosen regions. Your keys are kept exactly; the result is a new take"""

    bl_idname = "diface.regenerate"
    bl_label = "Regenerate"
    bl_options = {"REGISTER", "UNDO"}

    where: bpy.props.EnumProperty(
        name="Where",
        items=(
            ("AROUND", "Around Changed Keys", "The motion around the keys that changed since the take was made"),
            ("ALL", "Everything", "The whole take, except the pins"),
        ),
        options={"HIDDEN"},
    )

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Return the tooltip of one of the two buttons."""
        where = "the whole take" if properties.where == "ALL" else "the motion around the keys you changed"
        return (
            f"Regenerate {where} in the chosen regions. Your keys are kept exactly; the result is a new take. "
            "Press again for another variation"
        )

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        edit.check(context)
        region_choice.check_regions(context)

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        names = region_choice.chosen_channels(context)
        if self.where == "ALL":
            return edit.begin(context, lambda base: plan_all(base, names))
        return edit.begin(context, AroundPinsPlanner(context.scene.diface.edit.falloff, names))


@dataclass
class AroundPinsPlanner:
    """Plans the motion around changed pins, again if pins change while the worker runs.

    Whether it repeats the edit of the active take is decided once: not if the changed pins are removed meanwhile.
    """

    falloff: float
    names: tuple[str, ...]
    may_repeat: bool | None = None

    def __call__(self, edit_context: edit_plan.EditContext) -> edit_plan.Plan:
        """Return the plan. Raises SceneError as `plan_around_pins`."""
        if self.may_repeat is None:
            self.may_repeat = not edit_scope.pins_on_channels(edit_context.changed_pins, self.names)
        return plan_around_pins(edit_context, self.falloff, self.names, self.may_repeat)


def plan_all(
    edit_context: edit_plan.EditContext,
    names: tuple[str, ...] = channels.EDITED,
    seed: int | None = None,
) -> edit_plan.Plan:
    """Return the plan that regenerates channels `names` of the whole take, except the pins."""
    mask = edit_context.regenerate_mask(edit_context.first_frame, edit_context.last_frame, names)
    return edit_plan.Plan(mask, edit_context.pins, seed, label="regenerated all")


def plan_around_pins(
    edit_context: edit_plan.EditContext,
    falloff: float,
    names: tuple[str, ...] = channels.EDITED,
    may_repeat: bool = False,
) -> edit_plan.Plan:
    """Return the plan that regenerates the motion around pins that are new to it.

    Args:
        edit_context: The motion that is edited.
        falloff: Frames before and after a pin that adapt to it.
        names: Channels that may be regenerated.
        may_repeat: Without such pins, repeat the plan of the take, if Regenerate made it.

    Raises:
        SceneError: No key was changed in these channels, or none that the take can adapt to.
    """
    changed = edit_scope.pins_on_channels(edit_context.changed_pins, names)
    around = [(pin.frame, edit_scope.scope_name(pin)) for pin in changed]
    if may_repeat and not around:
        around = [tuple(pair) for pair in edit_context.stored.get(edit_seed.RECORD, {}).get(AROUND, ())]
    if not around:
        raise _no_changed_keys_error(edit_context)
    reach = math.ceil(2 * falloff + MARGIN_SECONDS * edit_context.motion.rate.value)
    mask = np.zeros(edit_context.motion.values.shape, bool)
    for frame, scope in around:
        scope_channels = tuple(name for name in edit_scope.SCOPES[scope].channels if name in names)
        mask |= edit_context.regenerate_mask(math.floor(frame) - reach, math.ceil(frame) + reach, scope_channels)
    if not mask.any():
        raise _unreachable_pins_error(edit_context)
    return edit_plan.Plan(mask, edit_context.pins, label=_label(around), record={AROUND: around})


def _label(around: Sequence[tuple[float, str]]) -> str:
    frames = sorted({round(frame) for frame, _scope in around})
    return f"around {frames[0]}" if len(frames) == 1 else f"around {frames[0]}-{frames[-1]}"


def _no_changed_keys_error(edit_context: edit_plan.EditContext) -> errors.SceneError:
    if edit_context.changed_pins:
        hint = "Choose the regions of the keys you changed under Regions."
        return errors.SceneError("No key was changed in the chosen regions.", hint)
    hint = "Key a shape or the head, or pin a pose, and press again; or use Regenerate All."
    return errors.SceneError("No key was changed since this take was made.", hint)


def _unreachable_pins_error(edit_context: edit_plan.EditContext) -> errors.SceneError:
    """Return the reason why the take cannot adapt to any changed pin."""
    if all(edit_context.is_outside(pin) for pin in edit_context.changed_pins):
        frames = f"frames {edit_context.first_frame} to {edit_context.last_frame}"
        message = f"The changed keys are outside the take, which has {frames}."
        return errors.SceneError(message, "Key within it, or generate for a longer strip.")
    parts = sorted({edit_scope.SCOPES[edit_scope.scope_name(pin)].part for pin in edit_context.changed_pins})
    message = f"Only keys of the {' and '.join(parts)} were changed, which this take does not generate."
    return errors.SceneError(message, "They are kept as they are. To generate both, set Generate to Both.")


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_regenerate,))
