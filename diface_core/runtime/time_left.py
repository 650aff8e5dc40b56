"""How long a request will still take, from how long it took so far."""

from __future__ import annotations

import time
from collections.abc import Callable

MIN_ELAPSED = 0.5
"""Seconds before which nothing is said: the first estimates are far off."""

SMOOTHING = 0.3
"""Weight of a new estimate against the last one counted down, so that the number shown does not jump."""


class EtaEstimator:
    """Estimates for one request; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._start_time = self._last_update_time = clock()
        self._estimate: float | None = None

    def update(self, fraction: float) -> float | None:
        """Seconds left where `fraction` in [0, 1] is done, or None while it is too soon to say."""
        now = self._clock()
        spent = now - self._start_time
        if spent < MIN_ELAPSED or fraction <= 0.02:
            return None

        fresh = spent * (1 - fraction) / fraction
        if self._estimate is not None:
            counted_down = max(0.0, self._estimate - (now - self._last_update_time))
            fresh = SMOOTHING * fresh + (1 - SMOOTHING) * counted_down
        self._estimate, self._last_update_time = fresh, now
        return fresh if fraction < 1 else 0.0
