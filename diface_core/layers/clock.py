"""Events whose rate changes over time: a clock that runs fast where they are frequent."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..types import MODEL_RATE

Floats = npt.NDArray[np.floating[Any]]


class Clock:
    """Time rescaled by a rate (Brown et al. 2002): in its own time, events that are frequent here and rare there come
    evenly.

    rate: (T,) events a second in each row at MODEL_RATE, positive.
    """

    def __init__(self, rate: Floats) -> None:
        self.seconds = len(rate) / MODEL_RATE.value
        self._at = np.arange(len(rate) + 1) / MODEL_RATE.value
        self._passed = np.concatenate([[0.0], np.cumsum(rate / MODEL_RATE.value)])

    def after(self, time: float, events: float) -> float:
        """When `events` (a fraction too) are expected to have come since `time` (s); infinity beyond the sound."""
        wanted = float(np.interp(time, self._at, self._passed)) + events
        return float(np.interp(wanted, self._passed, self._at)) if wanted < self._passed[-1] else float("inf")


def smooth(part: Floats) -> Floats:
    """0 to 1 with a rest at both ends: half a cosine. Less than 0 counts as 0, more than 1 as 1."""
    return (1 - np.cos(np.pi * np.clip(part, 0, 1))) / 2


def minimum_jerk(part: Floats) -> Floats:
    """0 to 1 as a limb or an eye goes (Hogan 1984): the fastest is 1.875 times the mean, in the middle."""
    u = np.clip(part, 0, 1)
    return u**3 * (10 - 15 * u + 6 * u**2)
