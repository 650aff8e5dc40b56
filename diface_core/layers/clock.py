"""A clock for events whose rate changes over time."""

from __future__ import annotations

import numpy as np

from ..types import MODEL_RATE, AnyFloatArray


class Clock:
    """Time rescaled by a rate (Brown et al. 2002), so that events of a varying rate are evenly spaced."""

    def __init__(self, rate: AnyFloatArray) -> None:
        """Create a clock from `rate` (T,): events per second in each row at MODEL_RATE, positive."""
        self.seconds = len(rate) / MODEL_RATE.value
        self._times = np.arange(len(rate) + 1) / MODEL_RATE.value
        self._cumulative_events = np.concatenate([[0.0], np.cumsum(rate / MODEL_RATE.value)])

    def time_after(self, time: float, events: float) -> float:
        """Return when `events` (may be a fraction) are expected since `time` (s).

        Infinity if after the end of the audio.
        """
        target = float(np.interp(time, self._times, self._cumulative_events)) + events
        if target >= self._cumulative_events[-1]:
            return float("inf")
        return float(np.interp(target, self._cumulative_events, self._times))
