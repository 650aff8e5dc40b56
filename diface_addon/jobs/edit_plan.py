"""What an edit starts from and what it does: `Base` and `Plan`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..core import channels, types
from ..scene.pins import pins


@dataclass(frozen=True)
class EditContext:
    """What is edited: the motion that animates the character now, its pins, and how it was asked for.

    motion: row r at frame first_frame + r. request: without constraints. unsettled: pins that the motion around does
    not know yet. ours: whether DiFACE made it, and by which models ("": not known).
    """

    motion: types.Motion
    first_frame: int
    request: types.GenerateRequest
    sound: str
    pins: tuple[pins.Pin, ...]
    changed_pins: tuple[pins.Pin, ...]
    is_generated: bool
    model_hash: str = ""

    @property
    def last_frame(self) -> int:
        return self.first_frame + len(self.motion) - 1

    def regenerate_mask(self, first: int, last: int, channel_names: tuple[str, ...]) -> np.ndarray:
        """What is made anew, (T, C) bool: the frames `first` to `last` of the channels `names`, but for the layers'."""
        made = np.zeros(self.motion.values.shape, bool)
        wanted = [
            c
            for c, name in enumerate(self.motion.channels)
            if name in channel_names and name not in channels.LAYER_CHANNELS
        ]
        made[max(0, first - self.first_frame) : max(0, last - self.first_frame + 1), wanted] = True
        return made

    def is_outside(self, pin: pins.Pin) -> bool:
        """Whether a pin is before or after the motion."""
        return not self.first_frame <= pin.frame <= self.last_frame


@dataclass(frozen=True)
class Plan:
    """What an edit shall do: `made` (T, C) says what is made anew, `pins` what is kept in it.

    seed: another one than the take's. stay: how much of the motion stays; None: as the settings say. word: the take's.
    """

    regenerate_mask: np.ndarray
    pins: tuple[pins.Pin, ...]
    seed: int | None = None
    keep_motion: float | None = None
    name_suffix: str = "edited"


Planner = Callable[[EditContext], Plan]
