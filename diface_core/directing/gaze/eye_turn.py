"""The directions of the eyes: saccades between the points of a plan, which the eyes stay on while the head moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...layers.gaze import saccade_duration
from ...motion.easing import minimum_jerk
from ...types import BoolArray, Float64Array, Int64Array
from .geometry import GazeGeometry, angle_between, angles, unit_directions
from .looks import AWAY
from .plan import GazePlan

LEFT, YAW = 0, 0
"""Indices of the left eye, and of the angle to the side."""


@dataclass(frozen=True)
class EyeTurn:
    """Where the eyes look.

    Attributes:
        directions: (T, 2, 3) unit directions of the left and the right eye, in the axes of the turned head.
        is_moved: (T,) rows on which they differ from those of the motion.
        onsets: (N,) seconds of the saccades.
        amplitudes: (N,) degrees.
    """

    directions: Float64Array
    is_moved: BoolArray
    onsets: Float64Array
    amplitudes: Float64Array


def turn_eyes(
    plan: GazePlan, geometry: GazeGeometry, head: Float64Array, generated: Float64Array, weight: Float64Array
) -> EyeTurn:
    """Return where the eyes look.

    Args:
        plan: When they look at which point.
        geometry: The eyes.
        head: (T, 3) the head's rotation vectors.
        generated: (T, 2, 3) the eyes' directions in the motion.
        weight: (T,) 0: as in the motion, 1: as planned.
    """
    looks, rows = plan.looks, np.arange(len(head))
    last = np.searchsorted(looks.onsets, plan.times, side="right") - 1
    before = np.maximum(last - 1, 0)

    def directions(event: Int64Array, at: Int64Array) -> Float64Array:
        states = looks.states[event]
        found = _limited(geometry.from_eyes(plan.positions(states, at), head[at]), geometry)
        return np.where((states == AWAY)[:, None, None], generated[at], found)

    events = np.arange(len(looks.onsets))
    starts = plan.row_after(looks.onsets)
    old, new = directions(np.maximum(events - 1, 0), starts), directions(events, starts)
    amplitudes = angle_between(old.mean(axis=1), new.mean(axis=1))
    amplitudes[looks.sudden | np.isneginf(looks.onsets)] = 0.0
    since = plan.times - looks.onsets[last]
    part = np.where(amplitudes[last] > 0.0, minimum_jerk(since / saccade_duration(amplitudes[last])), 1.0)
    planned = _between(directions(before, rows), directions(last, rows), part)
    is_away = (looks.states[last] == AWAY) & ((part >= 1.0) | (looks.states[before] == AWAY))
    is_saccade = amplitudes > 0.0
    return EyeTurn(
        _between(generated, planned, weight),
        ~is_away & (weight > 0.0),
        looks.onsets[is_saccade],
        (amplitudes * weight[starts])[is_saccade],
    )


def _limited(offsets: Float64Array, geometry: GazeGeometry) -> Float64Array:
    """Return unit directions (T, 2, 3) of offsets within what the eyes reach; at the limit they still converge.

    Eyes are parallel where they would diverge: for a near point beside the head.
    """
    lengths = np.linalg.norm(offsets, axis=-1, keepdims=True)
    found = offsets / np.maximum(lengths, 1e-9)
    turned = angles(found)
    limit = geometry.limits
    middle = turned.mean(axis=1, keepdims=True)
    apart = turned - middle
    is_diverging = apart[:, LEFT, YAW] > 0.0
    apart[is_diverging, :, YAW] = 0.0
    spread = np.abs(apart).max(axis=1, keepdims=True)
    inside = np.clip(middle, -np.maximum(limit - spread, 0.0), np.maximum(limit - spread, 0.0))
    is_changed = is_diverging | (np.abs(turned) > limit).any(axis=(1, 2))
    found[is_changed] = unit_directions((apart + inside)[is_changed])
    return found


def _between(one: Float64Array, other: Float64Array, part: Float64Array) -> Float64Array:
    """Return unit directions (T, 2, 3) on the arc from `one` to `other`, at `part` (T,) of it."""
    angle = np.radians(angle_between(one, other))[..., None]
    part = part[:, None, None]
    sine = np.sin(angle)
    small = sine < 1e-6
    safe = np.where(small, 1.0, sine)
    first = np.where(small, 1.0 - part, np.sin((1.0 - part) * angle) / safe)
    second = np.where(small, part, np.sin(part * angle) / safe)
    return first * one + second * other
