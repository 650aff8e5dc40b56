"""Progress of a request: from the fractions of its stages to one fraction, and the estimated time left."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..types import Progress, Report

READING, ENCODING, SAMPLING = "Reading the audio", "Encoding the speech", "Generating the motion"
"""Stages, as the user reads them."""

READING_SHARE, ENCODING_SHARE = 0.02, 0.45
"""Typical share of a request's time that the first two stages take if the audio is not in the cache."""

MIN_ELAPSED = 0.5
"""Seconds before the first estimate of the time left: earlier ones are far off."""

SMOOTHING = 0.3
"""Weight of a new estimate against the last one counted down, so that the displayed number does not jump."""


class ProgressTracker:
    """Converts the fractions of successive stages to the request's fraction, and measures how long each stage took."""

    def __init__(self, report: Report) -> None:
        self._report = report
        sampling_share = 1 - READING_SHARE - ENCODING_SHARE
        self._shares = {READING: READING_SHARE, ENCODING: ENCODING_SHARE, SAMPLING: sampling_share}
        self._done: dict[str, float] = {}
        self._last_report_time = time.perf_counter()
        self.timings: dict[str, float] = {}
        """Stage -> seconds that it took so far."""

    def report(self, stage: str, fraction: float) -> None:
        """Report that `fraction` of a stage is done; the time since the last report counts for this stage."""
        now = time.perf_counter()
        self.timings[stage] = self.timings.get(stage, 0.0) + now - self._last_report_time
        self._last_report_time = now
        self._done[stage] = fraction
        done = sum(self._shares[name] * part for name, part in self._done.items())
        self._report(Progress(min(done, 1.0), self._current_stage()))

    def skip(self, stage: str) -> None:
        """Leave out a stage; sampling takes over its share."""
        self._shares[SAMPLING] += self._shares.pop(stage)

    def restart_timer(self) -> None:
        """Count the time since the last report for no stage."""
        self._last_report_time = time.perf_counter()

    def finish(self) -> None:
        """Report that the request is done."""
        self._report(Progress(1.0, self._current_stage()))

    def _current_stage(self) -> str:
        return next(name for name in (SAMPLING, ENCODING, READING) if name in self._done)


class EtaEstimator:
    """Estimates the seconds left of one request; `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._start_time = self._last_update_time = clock()
        self._estimate: float | None = None

    def update(self, fraction: float) -> float | None:
        """Return the seconds left if `fraction` in [0, 1] is done, or None while it is too early for an estimate."""
        now = self._clock()
        elapsed = now - self._start_time
        if elapsed < MIN_ELAPSED or fraction <= 0.02:
            return None

        estimate = elapsed * (1 - fraction) / fraction
        if self._estimate is not None:
            counted_down = max(0.0, self._estimate - (now - self._last_update_time))
            estimate = SMOOTHING * estimate + (1 - SMOOTHING) * counted_down
        self._estimate, self._last_update_time = estimate, now
        return estimate if fraction < 1 else 0.0
