"""Measures of blinks, gaze and breath, computed from the curves as from a recording of a person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...channels import LOOK_DEGREES
from ...types import AnyFloatArray, Motion

OPEN_LID = 0.02
"""A lid counts as open below this weight."""
FIXATION_SPEED = 20.0
"""Degrees per second below which the eyes fixate (a velocity threshold: Salvucci & Goldberg 2000)."""


@dataclass(frozen=True)
class Saccades:
    """`begins` (S,) s, `durations` (S,) s, `amplitudes` (S,) degrees, `speeds` (S,) peak degrees per second."""

    begins: AnyFloatArray
    durations: AnyFloatArray
    amplitudes: AnyFloatArray
    speeds: AnyFloatArray

    @property
    def fixations(self) -> AnyFloatArray:
        """Return the seconds (S - 1,) of fixation between saccades."""
        return self.begins[1:] - self.begins[:-1] - self.durations[:-1]


def blink_spans(motion: Motion) -> AnyFloatArray:
    """Return begin and end of each blink, (B, 2) seconds."""
    return _spans(motion.column("eyeBlinkLeft") > OPEN_LID) / motion.rate.value


def closing_and_opening_times(motion: Motion) -> AnyFloatArray:
    """Return the seconds in which the lids close and open, (B, 2), of every blink."""
    shut = motion.column("eyeBlinkLeft")
    times = []
    for first, end in _spans(shut > OPEN_LID):
        down = first + np.flatnonzero(shut[first:end] > 1 - OPEN_LID)
        if len(down):
            times.append((down[0] - first, end - down[-1]))
    return np.array(times, np.float64).reshape(-1, 2) / motion.rate.value


def share_near(events: AnyFloatArray, ends: AnyFloatArray, before: float, after: float) -> float:
    """Return the share of `events` (N,) from `before` s before one of the `ends` (P,) to `after` s after it."""
    if not len(events):
        return 0.0
    apart = events[:, None] - ends[None, :]
    return float(np.any((apart >= -before) & (apart < after), 1).mean())


def gaze_angles(motion: Motion) -> AnyFloatArray:
    """Return yaw and pitch (T, 2) in degrees, left and up positive, of the left eye."""
    out, inward, up, down = (
        motion.column(f"eyeLook{way}Left") * LOOK_DEGREES[way] for way in ("Out", "In", "Up", "Down")
    )
    return np.stack([out - inward, up - down], 1).astype(np.float64)


def saccades(motion: Motion) -> Saccades:
    """Return all saccades of a Motion without a head, sampled finely (500 rows per second or more)."""
    angles, rate = gaze_angles(motion), motion.rate.value
    speed = np.linalg.norm(np.diff(angles, axis=0), axis=1) * rate
    spans = _spans(speed > FIXATION_SPEED)
    begins, ends = spans.T
    return Saccades(
        begins / rate,
        (ends - begins) / rate,
        np.linalg.norm(angles[ends] - angles[begins], axis=1),
        np.array([speed[first:end].max() for first, end in spans]),
    )


def breaths(motion: Motion) -> AnyFloatArray:
    """Return begin and end of each breath in, (N, 2) seconds."""
    return _spans(np.diff(motion.column("breathIn")) > 1e-5) / motion.rate.value


def _spans(true: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return first row and row after the last (N, 2) of every run of True."""
    padded = np.concatenate([[False], true, [False]])
    return np.flatnonzero(padded[1:] != padded[:-1]).reshape(-1, 2)
