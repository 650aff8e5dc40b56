"""The plan of a gaze: when the eyes look at which point, and how far the head turns for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...types import Float64Array, FrameRate, Int64Array
from . import head_turn
from .controls import GazeControls
from .geometry import GazeGeometry, angles
from .looks import AWAY, Looks
from .target_steps import find_steps, is_reachable, spans


@dataclass(frozen=True)
class GazePlan:
    """When the eyes look where.

    Attributes:
        looks: The points of the target, then those of `held`, as states.
        points: (T, K, 3) the target.
        held: (H, 3) points where the target was before it stepped away.
        turn: (T, 2) yaw and pitch in degrees that the head is turned by.
        rate: Rows a second.
    """

    looks: Looks
    points: Float64Array
    held: Float64Array
    turn: Float64Array
    rate: FrameRate

    @classmethod
    def make(
        cls,
        controls: GazeControls,
        geometry: GazeGeometry,
        rate: FrameRate,
        head: Float64Array,
        can_turn: bool,
    ) -> GazePlan:
        """Plan a gaze.

        Args:
            controls: How often, how long and how strongly the character looks.
            geometry: The target and the eyes.
            rate: Rows a second.
            head: (T, 3) the head's rotation vectors before it is turned.
            can_turn: Whether the head can be turned.
        """
        rows = len(head)
        points = geometry.points_of(rows)
        centre = points.mean(axis=1)
        seen = geometry.from_middle(centre, np.zeros((rows, 3)))
        steps = find_steps(seen, geometry.cuts, rate)
        looks = _with_cuts(Looks.sample(controls, geometry.shares, rows, rate), geometry, rate)
        looks, held = _with_steps(looks, points, steps, rate)
        for before, release in steps:
            centre[before:release] = centre[before]
        strength = controls.column("head", rows) if can_turn else np.zeros(rows)
        for first, end in spans(~is_reachable(seen, _reach(strength, geometry), geometry)):
            looks = looks.replaced(first / rate.value, end / rate.value, AWAY)
        is_looking = looks.state_at(np.arange(rows) / rate.value) != AWAY
        turn = _wanted_turn(centre, head, strength, geometry) * head_turn.bridged(is_looking, rate)[:, None]
        turn = head_turn.followed(turn * controls.column("weight", rows)[:, None], rate)
        return cls(looks, points, held, turn, rate)

    @property
    def times(self) -> Float64Array:
        """Seconds (T,) of the rows."""
        return np.arange(len(self.points)) / self.rate.value

    def row_after(self, times: Float64Array) -> Int64Array:
        """Return the first row at or after each of `times` (N,); the first row for -infinity."""
        rows = np.ceil(np.maximum(times, 0.0) * self.rate.value - 1e-6).astype(np.int64)
        return np.minimum(rows, len(self.points) - 1)

    def positions(self, states: Int64Array, rows: Int64Array) -> Float64Array:
        """Return the points (N, 3) of states (N,) on rows (N,). AWAY has that of the first point."""
        count = self.points.shape[1]
        found = self.points[rows, np.clip(states, 0, count - 1)].copy()
        is_held = states >= count
        found[is_held] = self.held[states[is_held] - count]
        return found


def _with_cuts(looks: Looks, geometry: GazeGeometry, rate: FrameRate) -> Looks:
    """Return looks that are at another target at once."""
    for row in np.flatnonzero(geometry.cuts).tolist():
        time = row / rate.value
        state = int(looks.state_at(np.array([time]))[0])
        if row > 0 and state != AWAY:
            looks = looks.replaced(time, time, state, (True, True))
    return looks


def _with_steps(
    looks: Looks, points: Float64Array, steps: list[tuple[int, int]], rate: FrameRate
) -> tuple[Looks, Float64Array]:
    """Return looks that stay for a moment where the target was before each of its steps, and these points (H, 3)."""
    held = []
    for before, release in steps:
        begin, end = (before + 0.5) / rate.value, release / rate.value
        state = int(looks.state_at(np.array([begin]))[0])
        if 0 <= state < points.shape[1]:
            looks = looks.replaced(begin, end, points.shape[1] + len(held), (True, False))
            held.append(points[before, state])
    return looks, np.array(held, np.float64).reshape(-1, 3)


def _reach(strength: Float64Array, geometry: GazeGeometry) -> Float64Array:
    """Return how far (T, 2) eyes and head turn together sideways, and up or down, in degrees."""
    eyes = geometry.limits
    return eyes + np.minimum(1.0, 2.0 * strength)[:, None] * np.array(head_turn.MAX_TURN)


def _wanted_turn(
    centre: Float64Array, head: Float64Array, strength: Float64Array, geometry: GazeGeometry
) -> Float64Array:
    """Return yaw and pitch (T, 2) in degrees by which the head is turned.

    Args:
        centre: (T, 3) the middle of the target.
        head: (T, 3) the head's rotation vectors before.
        strength: (T,) the control of the head.
        geometry: Of the eyes.
    """
    from_body = angles(geometry.from_middle(centre, np.zeros_like(head)))
    from_head = angles(geometry.from_middle(centre, head))
    eyes = geometry.limits
    columns = [
        head_turn.head_share(from_body[:, axis], from_head[:, axis], strength, float(eyes[axis]), limit)
        for axis, limit in enumerate(head_turn.MAX_TURN)
    ]
    return np.stack(columns, axis=1)
