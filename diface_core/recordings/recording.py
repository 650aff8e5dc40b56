"""A recorded face: weights and head rotation at the times of its rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import channels
from ..errors import DifaceError
from ..types import BoolArray, Float32Array, Float64Array, FrameRate

MAX_SECONDS = 3 * 3600
"""Duration above which times count as damaged."""

USUAL_RATES = tuple(
    FrameRate(fps, base)
    for fps, base in (
        (12, 1.0), (15, 1.0), (24, 1.001), (24, 1.0), (25, 1.0), (30, 1.001), (30, 1.0), (48, 1.0), (50, 1.0),
        (60, 1.001), (60, 1.0), (120, 1.0),
    )
)  # fmt: skip
"""Rates of cameras. A measured rate within RATE_TOLERANCE of one is that one."""

RATE_TOLERANCE = 2e-4


@dataclass(frozen=True)
class Recording:
    """A recorded face.

    Attributes:
        kind: What wrote the file, for the user: "Live Link Face".
        times: (T,) seconds since the first row, increasing; at least one row.
        values: (T, C) float32, as in a Motion. Rows without tracking have arbitrary finite values.
        channels: The face's 52 channels, then the head's if the file has its rotation.
        tracked: (T,) bool, False where the tracker had lost the face.
        start: Seconds since midnight of the first row by its timecode; None without timecodes.
        notes: What the user should know about the file.
    """

    kind: str
    times: Float64Array
    values: Float32Array
    channels: tuple[str, ...]
    tracked: BoolArray
    start: float | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shape = (len(self.times), len(self.channels))
        if self.values.shape != shape or self.tracked.shape != shape[:1] or not len(self.times):
            raise ValueError(f"values and tracked must fit {shape}. Got {self.values.shape}, {self.tracked.shape}.")

    @property
    def seconds(self) -> float:
        """Time from the first to the last row."""
        return float(self.times[-1])

    @property
    def has_head(self) -> bool:
        """Whether the file has the head's rotation."""
        return set(channels.HEAD) <= set(self.channels)

    @property
    def row_seconds(self) -> float:
        """Time from one row to the next, where none is missing: the median; 0 for a single row."""
        return float(np.median(np.diff(self.times))) if len(self.times) > 1 else 0.0

    @property
    def rate(self) -> FrameRate:
        """Rows per second where none is missing: a usual rate if it is close to one, and 30 for a single row."""
        step = self.row_seconds
        if not step > 0:
            return FrameRate(30)
        # Times are rounded to a millisecond of a frame, so the mean of the usual steps is exact where one step is not.
        steps = np.diff(self.times)
        value = 1 / float(np.mean(steps[np.abs(steps - step) < 0.5 * step]))
        nearest = min(USUAL_RATES, key=lambda rate: abs(rate.value - value))
        return nearest if abs(nearest.value / value - 1) < RATE_TOLERANCE else FrameRate(value)


def check_usable(recording: Recording, name: str) -> Recording:
    """Return the recording. Raises DifaceError if it has no tracked row, or lasts impossibly long."""
    if not recording.tracked.any():
        hint = "Choose a recording in which the tracker saw the face."
        raise DifaceError(f"{name} has no row with a tracked face.", hint)
    if not recording.seconds <= MAX_SECONDS:
        message = f"By its times, {name} lasts {recording.seconds / 3600:.1f} hours."
        raise DifaceError(message, "Its times are damaged, or it should be cut to at most 3 hours.")
    return recording
