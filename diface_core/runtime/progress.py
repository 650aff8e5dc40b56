"""The stages of a request: how far each is becomes how far all is, and how long each took."""

from __future__ import annotations

import time

from ..types import Progress, Report

READING, ENCODING, SAMPLING = "Reading the sound", "Listening to the speech", "Making the motion"
READING_SHARE, ENCODING_SHARE = 0.02, 0.45
"""Of the time that a request takes, about what the first two stages need where the sound was not heard before."""


class ProgressTracker:
    """Turns the fractions of stages that take turns into the request's, and measures how long each took."""

    def __init__(self, report: Report) -> None:
        self._report = report
        making = 1 - READING_SHARE - ENCODING_SHARE
        self._shares = {READING: READING_SHARE, ENCODING: ENCODING_SHARE, SAMPLING: making}
        self._done: dict[str, float] = {}
        self._last_report_time = time.perf_counter()
        self.timings: dict[str, float] = {}
        """Seconds that each stage took so far."""

    def report(self, stage: str, fraction: float) -> None:
        """`fraction` of a stage is done, and the time since the last report was spent on it."""
        now = time.perf_counter()
        self.timings[stage] = self.timings.get(stage, 0.0) + now - self._last_report_time
        self._last_report_time = now
        self._done[stage] = fraction
        done = sum(self._shares[name] * part for name, part in self._done.items())
        self._report(Progress(min(done, 1.0), self._current_stage()))

    def skip(self, stage: str) -> None:
        """The stage is not needed: the last one takes its share."""
        self._shares[SAMPLING] += self._shares.pop(stage)

    def restart_timer(self) -> None:
        """Time since the last report was another's."""
        self._last_report_time = time.perf_counter()

    def finish(self) -> None:
        """All is done."""
        self._report(Progress(1.0, self._current_stage()))

    def _current_stage(self) -> str:
        return next(name for name in (SAMPLING, ENCODING, READING) if name in self._done)
