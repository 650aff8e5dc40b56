"""The times of the rows of a recording, from timecodes, timestamps or frame numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..types import Float64Array

TIMECODE_BASES = (24, 25, 30, 48, 50, 60, 72, 90, 96, 100, 120, 240)
"""Frames that a second of a timecode may have."""
DEFAULT_BASE = 60
"""The base where a recording is too short to show it: that of Live Link Face."""
DEFAULT_RATE = 30.0
"""Rows per second of a file that names neither times nor a rate: the usual one of webcams."""
DAY = 24 * 3600.0
_TIMECODE = re.compile(r"\s*(\d{1,3}):(\d{1,2}):(\d{1,2})[:;.](\d{1,3}(?:\.\d{1,9})?)\s*")


@dataclass(frozen=True)
class RowTimes:
    """The times of rows.

    Attributes:
        seconds: (T,) increasing, 0 at the first row.
        start: Seconds since midnight of the first row; None without timecodes.
        notes: What the user should know.
    """

    seconds: Float64Array
    start: float | None = None
    notes: tuple[str, ...] = ()


def from_timecodes(codes: Sequence[str]) -> RowTimes:
    """Return the times of `HH:MM:SS:FF.mmm`, where FF.mmm are frames of the base that the largest of them shows.

    A timecode of base 60 with 30 or 59.94 rows a second is read as it counts: its rows are 2 or 1.001 frames apart.

    Raises:
        ValueError: A code is not a timecode.
    """
    matches = [_TIMECODE.fullmatch(code) for code in codes]
    if None in matches:
        row = matches.index(None)
        raise ValueError(f"row {row + 1} has no timecode: {codes[row][:40]!r}")
    parts = np.array([[float(part) for part in match.groups()] for match in matches if match], np.float64)
    seconds = _whole_seconds(parts[:, :3])
    base = _base(parts[:, 3], bool(np.ptp(seconds)))
    times = seconds + parts[:, 3] / base
    # Into the next day.
    times = times + DAY * np.concatenate([[0], np.cumsum(np.diff(times) < -DAY / 2)])
    relative, notes = _increasing(times)
    return RowTimes(relative, float(times[0]), notes)


def seconds_of_timecode(code: str, base: int) -> float:
    """Return the seconds since midnight of a timecode, whose frames are of `base`. Raises ValueError for other text."""
    match = _TIMECODE.fullmatch(code)
    if match is None:
        raise ValueError(f"{code!r} is not a timecode")
    hours, minutes, seconds, frames = map(float, match.groups())
    return 3600 * hours + 60 * minutes + seconds + frames / base


def from_numbers(values: Float64Array, unit: float | None, rate: float | None) -> RowTimes:
    """Return the times of numbers.

    Args:
        values: (T,) the numbers.
        unit: Seconds of a step of 1; 0 if they count frames; None to tell it from the usual step.
        rate: Frames per second of frame numbers; None for DEFAULT_RATE, with a note.

    Raises:
        ValueError: A number is not finite.
    """
    if not np.isfinite(values).all():
        raise ValueError(f"row {int(np.argmin(np.isfinite(values))) + 1} has no time")
    notes: tuple[str, ...] = ()
    if unit == 0:
        unit, notes = 1 / (rate or DEFAULT_RATE), () if rate else (assumed_rate_note(),)
    seconds, more = _increasing(values * (_guessed_unit(values) if unit is None else unit))
    return RowTimes(seconds, None, notes + more)


def from_rate(rows: int, rate: float | None) -> RowTimes:
    """Return the times of rows at a rate; None is DEFAULT_RATE, with a note."""
    return RowTimes(np.arange(rows) / (rate or DEFAULT_RATE), None, () if rate else (assumed_rate_note(),))


def assumed_rate_note() -> str:
    """Return a note for a file that does not say how fast it is."""
    return f"The file names no rate: {DEFAULT_RATE:g} rows a second are assumed. Set Rows per Second if that is wrong."


def _whole_seconds(parts: Float64Array) -> Float64Array:
    """Seconds (T,) of hours, minutes and seconds (T, 3). Some programs count 30 seconds to a minute."""
    second, minute = parts[:, 2], parts[:, 1]
    turns = (second[1:] == 0) & (second[:-1] == 29) & (np.diff(minute) == 1)
    if second.max() <= 29 and turns.any():
        return parts @ np.array([900.0, 30.0, 1.0])
    return parts @ np.array([3600.0, 60.0, 1.0])


def _base(frames: Float64Array, is_longer_than_a_second: bool) -> int:
    largest = int(frames.max())
    if not is_longer_than_a_second:
        return max(DEFAULT_BASE, largest + 1)
    return next((base for base in TIMECODE_BASES if base > largest), largest + 1)


def _guessed_unit(values: Float64Array) -> float:
    """The unit of timestamps: a row of a camera lasts from 4 ms to a second."""
    steps = np.diff(values)
    step = float(np.median(steps[steps > 0])) if (steps > 0).any() else 0.0
    return next((unit for unit, least in ((1e-9, 1e6), (1e-6, 2e3), (1e-3, 2.0)) if step >= least), 1.0)


def _increasing(times: Float64Array) -> tuple[Float64Array, tuple[str, ...]]:
    """Times from 0 on that increase strictly, and notes.

    Rows with one time, as of 60 rows with timecodes of base 30, are spread over the time to the next one. Where times
    go back, as after a clock was set, the next row follows at the usual step.
    """
    steps = np.diff(times)
    forward = steps[steps > 0]
    usual = float(np.median(forward)) if len(forward) else 1 / DEFAULT_RATE
    back = steps < 0
    notes = (f"The times go back at {int(back.sum())} rows; the rows follow one another there.",) if back.any() else ()
    times = np.concatenate([[0.0], np.cumsum(np.where(back, usual, steps))])
    firsts = np.flatnonzero(np.concatenate([[True], np.diff(times) > 0]))
    counts = np.diff(np.append(firsts, len(times)))
    gaps = np.diff(np.append(times[firsts], times[-1] + usual))
    within = np.arange(len(times)) - np.repeat(firsts, counts)
    return times + within * np.repeat(np.minimum(gaps, usual) / counts, counts), notes
