"""Notes on an edit that the artist should read: contradicting, unreachable and crowded pins."""

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


def opposing_pin_notes(edit_context: EditContext, plan: Plan) -> list[str]:
    """A note for shapes that work against each other and are both pinned high on one frame: both are kept."""
    high: dict[float, set[str]] = {}
    for pin in plan.pins:
        name = pins.face_channel(pin)
        if name and pin.value > OPPOSING_VALUE:
            high.setdefault(pin.frame, set()).add(name)
    found = [(frame, pair) for frame, names in high.items() for pair in OPPOSING_SHAPES if names >= set(pair)]
    return [f"{a} and {b} are both pinned at frame {frame:g}: both are kept." for frame, (a, b) in found[:3]]


def outside_pin_notes(edit_context: EditContext, plan: Plan) -> list[str]:
    """A note for pins outside the take: they stay, and nothing answers them."""
    count = sum(edit_context.is_outside(pin) for pin in plan.pins)
    where = f"outside the take, which has {edit_context.first_frame} to {edit_context.last_frame}"
    return [f"{count} of your keys {'are' if count > 1 else 'is'} {where}: nothing answers them."] if count else []


DENSE_PIN_SHARE = 0.8


def dense_pin_notes(edit_context: EditContext, plan: Plan) -> list[str]:
    """A note where nearly every frame that is made anew has pins, as after all keys of a take were moved."""
    rows = plan.regenerate_mask.any(axis=1)
    pinned = [math.floor(pin.frame - edit_context.first_frame) for pin in plan.pins if not edit_context.is_outside(pin)]
    inside = [row for row in pinned if rows[row]]
    if len(set(inside)) <= DENSE_PIN_SHARE * rows.sum():
        return []
    return [f"Nearly every frame of it has keys of your own, {len(inside)} in all, which stay; Unpin lets go of them."]
