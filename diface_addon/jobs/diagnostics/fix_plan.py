"""The edits that fix a problem: the motion around it adapts, and the rest stays."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ...core import channels, errors
from ...scene.diagnostics.problem import Problem
from ...scene.pins import pins
from ...scene.pins.pin import Pin
from ..edit_plan import EditContext, Plan

FALLOFF_SECONDS = 0.1
"""Seconds before and after a pin that adapt to it: about the length of a sound."""
REACH_SECONDS = 0.3
"""Seconds before and after a problem that are regenerated."""
KEEP_MOTION = 0.5
"""Share of the motion around new pins that is kept at least: the rest of the take is as it should be."""
MOUTH = channels.REGIONS["lips"] + channels.REGIONS["jaw"]


@dataclass(frozen=True)
class PinPlanner:
    """Plans the edit that pins `new`, which fix a problem."""

    problem: Problem
    new: tuple[Pin, ...]
    keep_motion: float

    def __call__(self, edit_context: EditContext) -> Plan:
        """Return the plan. Raises SceneError if the pins are outside the take."""
        inside = tuple(pin for pin in self.new if not edit_context.is_outside(pin))
        if not inside:
            raise errors.SceneError("The problem is outside the take.", "Press Check Take again.")
        frames = [pin.frame for pin in inside]
        replaced = {(*pin.address, round(pin.frame, 3)) for pin in inside}
        kept = (pin for pin in edit_context.pins if (*pin.address, round(pin.frame, 3)) not in replaced)
        return Plan(
            _mask(edit_context, min(frames), max(frames), channels.SPEECH),
            (*kept, *inside),
            keep_motion=max(self.keep_motion, KEEP_MOTION),
            falloff=max(1.0, FALLOFF_SECONDS * edit_context.motion.rate.value),
            label=_label(self.problem),
        )


@dataclass(frozen=True)
class UnpinPlanner:
    """Plans the edit that regenerates a problem's frames without the pins of lips and jaw in them."""

    problem: Problem

    def __call__(self, edit_context: EditContext) -> Plan:
        """Return the plan."""
        against = set(against_speech(edit_context.pins, self.problem, edit_context.motion.rate.value))
        mask = _mask(edit_context, self.problem.first, self.problem.last, channels.SPEECH)
        kept = tuple(pin for pin in edit_context.pins if pin not in against)
        return Plan(mask, kept, keep_motion=0.0, label=_label(self.problem))


@dataclass(frozen=True)
class RegeneratePlanner:
    """Plans the edit that regenerates some channels in a problem's frames."""

    problem: Problem
    names: tuple[str, ...]

    def __call__(self, edit_context: EditContext) -> Plan:
        """Return the plan."""
        mask = _mask(edit_context, self.problem.first, self.problem.last, self.names)
        return Plan(mask, edit_context.pins, keep_motion=0.0, label=_label(self.problem))


def against_speech(found: tuple[Pin, ...], problem: Problem, fps: float) -> list[Pin]:
    """Return the pins of lips and jaw in the frames of a problem, or less than FALLOFF_SECONDS from them."""
    margin = FALLOFF_SECONDS * fps
    return [
        pin
        for pin in found
        if problem.first - margin <= pin.frame <= problem.last + margin and pins.face_channel(pin) in MOUTH
    ]


def _mask(edit_context: EditContext, first: float, last: float, names: tuple[str, ...]) -> np.ndarray:
    reach = math.ceil(REACH_SECONDS * edit_context.motion.rate.value)
    return edit_context.regenerate_mask(math.floor(first) - reach, math.ceil(last) + reach, names)


def _label(problem: Problem) -> str:
    return f"{problem.kind.replace('_', ' ')} {round(problem.jump)}"
