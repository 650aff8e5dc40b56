"""What blinks, gaze and breath do, read back from the curves as one would read a recording of a person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...channels import LOOK_DEGREES
from ...types import AnyFloatArray, Motion

OPEN_LID = 0.02
"""A lid counts as open below this."""
FIXATION_SPEED = 20.0
"""Degrees a second below which the eyes fixate (a velocity threshold: Salvucci & Goldberg 2000)."""


@dataclass(frozen=True)
class Saccades:
    """`begins` (S,) s, `durations` (S,) s, `amplitudes` (S,) degrees, `speeds` (S,) fastest degrees a second."""

    begins: AnyFloatArray
    durations: AnyFloatArray
    amplitudes: AnyFloatArray
    speeds: AnyFloatArray

    @property
    def fixations(self) -> AnyFloatArray:
        """Seconds (S - 1,) of stillness between one saccade and the next."""
        return self.begins[1:] - self.begins[:-1] - self.durations[:-1]


def blink_spans(motion: Motion) -> AnyFloatArray:
    """When each blink begins and ends, (B, 2) seconds."""
    return _spans(motion.column("eyeBlinkLeft") > OPEN_LID) / motion.rate.value


def closing_and_opening_times(motion: Motion) -> AnyFloatArray:
    """Seconds that the lids take to fall and to rise, (B, 2), of every blink."""
    shut = motion.column("eyeBlinkLeft")
    found = []
    for first, end in _spans(shut > OPEN_LID):
        down = first + np.flatnonzero(shut[first:end] > 1 - OPEN_LID)
        if len(down):
            found.append((down[0] - first, end - down[-1]))
    return np.array(found, np.float64).reshape(-1, 2) / motion.rate.value


def share_near(events: AnyFloatArray, ends: AnyFloatArray, before: float, after: float) -> float:
    """Of the `events` (N,), how many come from `before` s before one of the `ends` (P,) to `after` s after it."""
    if not len(events):
        return 0.0
    apart = events[:, None] - ends[None, :]
    return float(np.any((apart >= -before) & (apart < after), 1).mean())


def gaze_angles(motion: Motion) -> AnyFloatArray:
    """Yaw and pitch (T, 2) in degrees, left and up positive, of the left eye."""
    out, inward, up, down = (
        motion.column(f"eyeLook{way}Left") * LOOK_DEGREES[way] for way in ("Out", "In", "Up", "Down")
    )
    return np.stack([out - inward, up - down], 1).astype(np.float64)


def saccades(motion: Motion) -> Saccades:
    """Every move of the eyes, from a Motion without a head and fine in time (500 rows a second or more)."""
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
    """When each breath in begins and ends, (N, 2) seconds."""
    return _spans(np.diff(motion.column("breathIn")) > 1e-5) / motion.rate.value


def _spans(true: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """First row and row after the last (N, 2) of every stretch that is True."""
    padded = np.concatenate([[False], true, [False]])
    return np.flatnonzero(padded[1:] != padded[:-1]).reshape(-1, 2)
