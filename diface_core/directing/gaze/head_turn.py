"""How far and how fast the head follows the gaze."""

from __future__ import annotations

import numpy as np

from ...motion import head_angles
from ...types import BoolArray, Float64Array, FrameRate

EYE_ONLY, SLOPE, USUAL = 36.0, 0.77, 0.5
"""Width in degrees of the range around straight ahead in which the eyes move alone, and how far the head turns for each
degree beyond it, at a control of USUAL (chosen, after Stahl 1999; people differ widely)."""
MAX_TURN = (60.0, 30.0)
"""Degrees that the head turns and nods at most for a target: within the ranges of the neck (chosen)."""
EYE_SHARE = 0.7
"""Share of the eyes' own range from which the head takes the rest."""
HEAD_RATE = 10.0
"""Rate (1/s) of the critically damped motion of the head: 90% after 0.39 s, and a peak of 3.7 / s times the angle, as
100 degrees a second for 30 (chosen, after Zangemeister, Jones & Stark 1981 and Guitton & Volle 1987)."""
BRIDGED = 2.0
"""Seconds of a look away in which the head stays turned to the target."""


def head_share(
    from_body: Float64Array, from_head: Float64Array, control: Float64Array, eye_limit: float, limit: float
) -> Float64Array:
    """Return by how many degrees (T,) the head is turned.

    Args:
        from_body: (T,) degrees from straight ahead of the body to the target.
        from_head: (T,) degrees from straight ahead of the head, as it moves in the motion, to the target.
        control: (T,) 0: not at all. USUAL: as people's heads. 1: to the target.
        eye_limit: Degrees that the eyes turn at most in this direction. The head takes what is beyond EYE_SHARE of it.
        limit: Degrees that the head is turned at most.
    """
    slope = np.minimum(SLOPE * control / USUAL, SLOPE + (1.0 - SLOPE) * (control - USUAL) / (1.0 - USUAL))
    usual = np.sign(from_body) * slope * np.maximum(np.abs(from_body) - EYE_ONLY * (1.0 - control), 0.0)
    left = from_head - usual
    needed = left - np.clip(left, -EYE_SHARE * eye_limit, EYE_SHARE * eye_limit)
    most = limit * np.minimum(1.0, 2.0 * control)
    return np.clip(usual + needed, -most, most)


def followed(angles: Float64Array, rate: FrameRate) -> Float64Array:
    """Return the course (T, A) of a head that follows wanted angles (T, A), at rest before the first row."""
    if len(angles) < 2:
        return angles
    steps = np.arange(int(np.ceil(12.0 / HEAD_RATE * rate.value)) + 1) / rate.value
    response = HEAD_RATE**2 * (steps + 0.5 / rate.value) * np.exp(-HEAD_RATE * (steps + 0.5 / rate.value))
    response /= response.sum()
    padded = np.concatenate([np.broadcast_to(angles[0], (len(response) - 1, angles.shape[1])), angles])
    return np.stack([np.convolve(column, response, mode="valid") for column in padded.T], axis=1)


def bridged(is_looking: BoolArray, rate: FrameRate) -> BoolArray:
    """Return whether the head is turned to the target (T,): also while the eyes look away for a moment."""
    edges = np.flatnonzero(np.diff(np.concatenate([[True], is_looking, [True]]).astype(np.int8))).reshape(-1, 2)
    turned = is_looking.copy()
    for first, end in edges.tolist():
        is_inside = first > 0 and end < len(is_looking)
        if is_inside and (end - first) / rate.value <= BRIDGED:
            turned[first:end] = True
    return turned


def turned(head: Float64Array, angles: Float64Array) -> Float64Array:
    """Return rotation vectors (T, 3) of a head that moves as `head` (T, 3) while turned by yaw and pitch (T, 2)."""
    yaw, pitch = np.radians(angles).T
    zero = np.zeros_like(yaw)
    turn = head_angles.compose(np.stack([zero, zero, yaw], axis=1), np.stack([-pitch, zero, zero], axis=1))
    return np.where(angles.any(axis=1)[:, None], head_angles.compose(turn, head), head)
