"""A recording at the rows of a scene: resampled, and what of it is known."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..motion.monotone_cubic import interpolate_uneven
from ..types import BoolArray, FrameRate, Motion
from .recording import Recording

LOST_SECONDS = 0.1
"""Time without a tracked row up to which the motion is interpolated; longer gaps count as lost."""


@dataclass(frozen=True)
class PlacedRecording:
    """A recording at the rows of a Motion. `known` (T,) is False where tracking was lost."""

    motion: Motion
    known: BoolArray


@dataclass(frozen=True)
class Placement:
    """Where a recording is in a scene: its first frame, the recording's time there (s), and its number of frames."""

    first_frame: int
    begin: float
    rows: int


def place(recording: Recording, frame: float, rate: FrameRate) -> Placement:
    """Return the frames within a recording whose first row is at `frame`, which may be between frames."""
    first = math.ceil(frame - 1e-6)
    begin = rate.seconds(first - frame)
    rows = math.floor((recording.seconds - begin) * rate.value + 1e-6) + 1
    return Placement(first, max(begin, 0.0), max(rows, 1))


def sample(recording: Recording, begin: float, rate: FrameRate, rows: int) -> PlacedRecording:
    """Return a recording in `rows` rows at `rate`, row r at `begin` + r / rate seconds of the recording.

    Monotone cubic interpolation through the tracked rows at their own times, which never overshoots. Outside the
    tracked rows the motion is constant.
    """
    times, values = recording.times[recording.tracked], recording.values[recording.tracked]
    wanted = begin + np.arange(rows) * rate.seconds(1)
    clipped = np.clip(wanted, times[0], times[-1])
    sampled = interpolate_uneven(values.astype(np.float64), times, clipped).astype(np.float32)
    known = np.abs(wanted - clipped) <= recording.row_seconds
    if len(times) > 1:
        after = np.clip(np.searchsorted(times, clipped), 1, len(times) - 1)
        gap = times[after] - times[after - 1]
        nearest = np.minimum(np.abs(clipped - times[after]), np.abs(clipped - times[after - 1]))
        known &= (gap <= max(LOST_SECONDS, 2.5 * recording.row_seconds)) | (nearest < 1e-6)
    return PlacedRecording(Motion(sampled, recording.channels, rate), known)


def lost_spans(known: BoolArray) -> list[tuple[int, int]]:
    """Return the first and the last row of each run of rows that are not known."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], ~known, [False]])))
    return [(int(first), int(end) - 1) for first, end in edges.reshape(-1, 2)]
