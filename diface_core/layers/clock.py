"""Events whose rate changes over time: a clock that runs fast where they are frequent."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..types import MODEL_RATE

FloatingArray = npt.NDArray[np.floating[Any]]


class Clock:
    """Time rescaled by a rate (Brown et al. 2002): in its own time, events that are frequent here and rare there come
    evenly.

    rate: (T,) events a second in each row at MODEL_RATE, positive.
    """

    def __init__(self, rate: FloatingArray) -> None:
        self.seconds = len(rate) / MODEL_RATE.value
        self._times = np.arange(len(rate) + 1) / MODEL_RATE.value
        self._cumulative_events = np.concatenate([[0.0], np.cumsum(rate / MODEL_RATE.value)])

    def time_after(self, time: float, events: float) -> float:
        """When `events` (a fraction too) are expected to have come since `time` (s); infinity beyond the sound."""
        wanted = float(np.interp(time, self._times, self._cumulative_events)) + events
        return (
            float(np.interp(wanted, self._cumulative_events, self._times))
            if wanted < self._cumulative_events[-1]
            else float("inf")
        )


def cosine_ease(fraction: FloatingArray) -> FloatingArray:
    """0 to 1 with a rest at both ends: half a cosine. Less than 0 counts as 0, more than 1 as 1."""
    return (1 - np.cos(np.pi * np.clip(fraction, 0, 1))) / 2


def minimum_jerk(fraction: FloatingArray) -> FloatingArray:
    """0 to 1 as a limb or an eye goes (Hogan 1984): the fastest is 1.875 times the mean, in the middle."""
    u = np.clip(fraction, 0, 1)
    return u**3 * (10 - 15 * u + 6 * u**2)
