"""Notes on an edit that the artist should read: contradicting, unreachable and crowded pins."""

from __future__ import annotations

import math

from ..scene.pins import pins
from .edit_plan import Base, Plan

OPPOSITES = (
    ("jawLeft", "jawRight"), ("mouthLeft", "mouthRight"), ("mouthSmileLeft", "mouthFrownLeft"),
    ("mouthSmileRight", "mouthFrownRight"), ("eyeSquintLeft", "eyeWideLeft"), ("eyeSquintRight", "eyeWideRight"),
    ("browDownLeft", "browOuterUpLeft"), ("browDownRight", "browOuterUpRight"),
)  # fmt: skip
HIGH = 0.5


def contradictions(base: Base, plan: Plan) -> list[str]:
    """A note for shapes that work against each other and are both pinned high on one frame: both are kept."""
    high: dict[float, set[str]] = {}
    for pin in plan.pins:
        name = pins.channel_of(pin)
        if name and pin.value > HIGH:
            high.setdefault(pin.frame, set()).add(name)
    found = [(frame, pair) for frame, names in high.items() for pair in OPPOSITES if names >= set(pair)]
    return [f"{a} and {b} are both pinned at frame {frame:g}: both are kept." for frame, (a, b) in found[:3]]


def beyond(base: Base, plan: Plan) -> list[str]:
    """A note for pins outside the take: they stay, and nothing answers them."""
    count = sum(base.is_beyond(pin) for pin in plan.pins)
    where = f"outside the take, which has {base.first_frame} to {base.last_frame}"
    return [f"{count} of your keys {'are' if count > 1 else 'is'} {where}: nothing answers them."] if count else []


CROWDED = 0.8


def crowded(base: Base, plan: Plan) -> list[str]:
    """A note where nearly every frame that is made anew has pins, as after all keys of a take were moved."""
    rows = plan.made.any(axis=1)
    pinned = [math.floor(pin.frame - base.first_frame) for pin in plan.pins if not base.is_beyond(pin)]
    inside = [row for row in pinned if rows[row]]
    if len(set(inside)) <= CROWDED * rows.sum():
        return []
    return [f"Nearly every frame of it has keys of your own, {len(inside)} in all, which stay; Unpin lets go of them."]
