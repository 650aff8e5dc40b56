"""Events whose rate changes over time: a clock that runs fast where they are frequent."""

from __future__ import annotations

import numpy as np

from ..types import MODEL_RATE, AnyFloatArray


class Clock:
    """Time rescaled by a rate (Brown et al. 2002): in its own time, events that are frequent here and rare there come
    evenly.

    rate: (T,) events a second in each row at MODEL_RATE, positive.
    """

    def __init__(self, rate: AnyFloatArray) -> None:
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
