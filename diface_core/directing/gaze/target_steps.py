"""Targets that move too fast for the eyes, and targets that nobody can look at."""

from __future__ import annotations

import numpy as np

from ...types import BoolArray, Float64Array, FrameRate
from .geometry import GazeGeometry, angle_between, angles

PURSUIT_LIMIT = 100.0
"""Degrees a second that eyes follow smoothly at most (Meyer, Lasker & Robinson 1985)."""
LATENCY = 0.2
"""Seconds from the step of a target to the saccade (chosen)."""
SETTLE = 0.1
"""Seconds after a saccade in which no other step counts."""
BEYOND = 15.0
"""Degrees beyond the reach of eyes and head up to which a target is looked towards."""


def find_steps(seen: Float64Array, cuts: BoolArray, rate: FrameRate) -> list[tuple[int, int]]:
    """Return the last row before each step of a target, and the row at which the eyes start for it.

    Args:
        seen: (T, 3) direction of the target in the axes of the head at rest, of any length.
        cuts: (T,) rows whose steps do not count, or empty.
        rate: The rate.
    """
    fast = angle_between(seen[1:], seen[:-1]) > max(PURSUIT_LIMIT / rate.value, 1.0)
    fast &= ~cuts[1:] if len(cuts) else True
    found, free = [], 0
    for before in np.flatnonzero(fast).tolist():
        if before >= free:
            release = before + 1 + int(np.ceil(LATENCY * rate.value))
            found.append((before, release))
            free = release + int(np.ceil(SETTLE * rate.value))
    return found


def is_reachable(seen: Float64Array, reach: Float64Array, geometry: GazeGeometry) -> BoolArray:
    """Return on which rows (T,) a target can be looked at: not behind the head, nor between the eyes.

    Args:
        seen: (T, 3) from between the eyes to the target, in the axes of the head at rest.
        reach: (T, 2) degrees that eyes and head turn sideways, and up or down.
        geometry: Of the eyes.
    """
    near = np.linalg.norm(seen, axis=1) < max(geometry.eye_distance / 2, 1e-9)
    over = (np.abs(angles(seen)) - reach).max(axis=1)
    clear, lost = over <= BEYOND / 2, near | (over > BEYOND)
    # Between the two limits it stays as it was, so that a target at the limit does not flicker.
    known = np.flatnonzero(clear | lost)
    if not len(known):
        return np.ones(len(seen), bool)
    last = np.searchsorted(known, np.arange(len(seen)), side="right") - 1
    return ~lost[known[np.maximum(last, 0)]]


def spans(mask: BoolArray) -> list[tuple[int, int]]:
    """Return the first row of each run of True in `mask` (T,) and the row after its last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8))).reshape(-1, 2)
    return [(int(first), int(end)) for first, end in edges]
