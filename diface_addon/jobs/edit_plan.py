"""The input of an edit (`EditContext`), and what it regenerates (`Plan`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..core import channels, errors, types
from ..scene.pins import pins


@dataclass(frozen=True)
class EditContext:
    """What is edited: the active motion of the character, its pins, and the request that generated it.

    Attributes:
        motion: Row r is at frame first_frame + r.
        first_frame: The frame of the first row.
        request: The request of the motion, without constraints.
        sound: Name of the sound strip or file.
        pins: All pins.
        changed_pins: Pins that were added, moved or edited since the motion was generated.
        is_generated: Whether DiFACE generated the motion.
        model_hash: Hash of the models that generated it; "" if it is not known.
        stored: The request stored with the active take; empty for a motion that DiFACE did not generate.
    """

    motion: types.Motion
    first_frame: int
    request: types.GenerateRequest
    sound: str
    pins: tuple[pins.Pin, ...]
    changed_pins: tuple[pins.Pin, ...]
    is_generated: bool
    model_hash: str = ""
    stored: Mapping[str, Any] = field(default_factory=dict)

    @property
    def last_frame(self) -> int:
        return self.first_frame + len(self.motion) - 1

    def regenerate_mask(self, first: int, last: int, channel_names: tuple[str, ...]) -> np.ndarray:
        """Return the mask (T, C) bool of the frames `first` to `last` of the named channels, without layers."""
        mask = np.zeros(self.motion.values.shape, bool)
        columns = [
            column
            for column, name in enumerate(self.motion.channels)
            if name in channel_names and name not in channels.LAYER_CHANNELS
        ]
        mask[max(0, first - self.first_frame) : max(0, last - self.first_frame + 1), columns] = True
        return mask

    def is_outside(self, pin: pins.Pin) -> bool:
        """Return whether a pin is before or after the motion."""
        return not self.first_frame <= pin.frame <= self.last_frame


@dataclass(frozen=True)
class Plan:
    """What an edit does.

    Attributes:
        regenerate_mask: What is regenerated, bool (T, C).
        pins: What the result goes through exactly.
        seed: Replaces the seed of the take.
        keep_motion: Share of the existing motion that is kept, 0 to 1; None for the value in the settings.
        falloff: Frames before and after a pin that adapt to it; None for the value in the settings.
        label: What the edit does, in a few words for the name of the new take.
        record: What identifies the edit, stored with the new take; must be JSON.
    """

    regenerate_mask: np.ndarray
    pins: tuple[pins.Pin, ...]
    seed: int | None = None
    keep_motion: float | None = None
    falloff: float | None = None
    label: str = "edit"
    record: Mapping[str, Any] = field(default_factory=dict)


Planner = Callable[[EditContext], Plan]


def channel_names(request: types.GenerateRequest) -> tuple[str, ...]:
    """Return the channels that an edit of a request's motion reads: without those of layers that have a seed."""
    return channels.of_request(request.parts, request.layers.without_seeds())


def check_not_empty(plan: Plan) -> None:
    """Raise SceneError if a plan regenerates nothing."""
    if not plan.regenerate_mask.any():
        raise errors.SceneError("There is nothing to regenerate.", "Change a key, or choose other frames or regions.")
