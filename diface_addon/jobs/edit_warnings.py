"""Notes on an edit for the user: opposing pins, pins outside the take, and dense pins."""

from __future__ import annotations

import math

from ..scene.pins import pins
from .edit_plan import EditContext, Plan

OPPOSING_SHAPES = (
    ("jawLeft", "jawRight"), ("mouthLeft", "mouthRight"), ("mouthSmileLeft", "mouthFrownLeft"),
    ("mouthSmileRight", "mouthFrownRight"), ("eyeSquintLeft", "eyeWideLeft"), ("eyeSquintRight", "eyeWideRight"),
    ("browDownLeft", "browOuterUpLeft"), ("browDownRight", "browOuterUpRight"),
)  # fmt: skip
OPPOSING_VALUE = 0.5
"""Weight above which two opposing shapes contradict each other."""
MAX_OPPOSING_NOTES = 3
DENSE_PIN_SHARE = 0.8
"""Share of the regenerated frames with pins above which the pins leave nothing to regenerate."""


def pin_notes(edit_context: EditContext, plan: Plan) -> list[str]:
    """Return all notes on the pins of an edit."""
    notes = (opposing_pin_notes(plan), outside_pin_notes(edit_context, plan), dense_pin_notes(edit_context, plan))
    return [note for group in notes for note in group]


def opposing_pin_notes(plan: Plan) -> list[str]:
    """Return a note for each pair of opposing shapes that are both pinned high at one frame."""
    high_shapes: dict[float, set[str]] = {}
    for pin in plan.pins:
        name = pins.face_channel(pin)
        if name and pin.value > OPPOSING_VALUE:
            high_shapes.setdefault(pin.frame, set()).add(name)
    conflicts = [
        (frame, pair) for frame, names in high_shapes.items() for pair in OPPOSING_SHAPES if names >= set(pair)
    ]
    return [
        f"{a} and {b} are both pinned at frame {frame:g}; both are kept."
        for frame, (a, b) in conflicts[:MAX_OPPOSING_NOTES]
    ]


def outside_pin_notes(edit_context: EditContext, plan: Plan) -> list[str]:
    """Return a note if pins are outside the take."""
    count = sum(edit_context.is_outside(pin) for pin in plan.pins)
    if not count:
        return []
    subject = "1 key is" if count == 1 else f"{count} keys are"
    effect = "has" if count == 1 else "have"
    frames = f"frames {edit_context.first_frame}-{edit_context.last_frame}"
    return [f"{subject} outside the take ({frames}) and {effect} no effect."]


def dense_pin_notes(edit_context: EditContext, plan: Plan) -> list[str]:
    """Return a note if nearly every regenerated frame has pins, as after moving all keys of a take."""
    regenerated_rows = plan.regenerate_mask.any(axis=1)
    pinned = [math.floor(pin.frame - edit_context.first_frame) for pin in plan.pins if not edit_context.is_outside(pin)]
    inside = [row for row in pinned if regenerated_rows[row]]
    if len(set(inside)) <= DENSE_PIN_SHARE * regenerated_rows.sum():
        return []
    return [f"Nearly every regenerated frame has pins ({len(inside)} in all), which are kept; Unpin removes them."]
