"""When a character looks at its target and away from it, and at which point of the target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...layers.clock import Clock
from ...layers.gaze import FIXATION, FIXATION_SPREAD, MIN_FIXATION
from ...types import MODEL_RATE, BoolArray, Float64Array, FrameRate, Int64Array
from .controls import GazeControls

AWAY = -1
"""The state of eyes that do what the motion has without a target."""
REGULARITY = 2.0
"""Shape of the gamma distribution of the durations of looks: 1 would be at random, higher is more regular."""
MIN_AWAY = 0.4
"""Least mean seconds of a look away. Where the look would be shorter, both last longer, so that the share is right."""


@dataclass(frozen=True)
class Looks:
    """What the eyes are directed at. A saccade begins at each onset.

    Attributes:
        onsets: (N,) increasing seconds; the first is -infinity.
        states: (N,) AWAY, or the number of a point.
        sudden: (N,) whether the eyes are there without a saccade.
    """

    onsets: Float64Array
    states: Int64Array
    sudden: BoolArray

    @classmethod
    def sample(cls, controls: GazeControls, shares: Float64Array, rows: int, rate: FrameRate) -> Looks:
        """Sample looks for `rows` rows at points that are looked at in proportion to `shares` (K,)."""
        rng = np.random.default_rng([controls.seed, 9])
        onsets, states = [-np.inf], [AWAY]
        for begin, end in _look_intervals(controls, rows, rate, rng):
            for onset, point in _fixations(begin, end, shares / shares.sum(), rng):
                onsets.append(onset if onset > 0.0 else -np.inf)
                states.append(point)
            if end < rows / rate.value:
                onsets.append(end)
                states.append(AWAY)
        first = max(int(np.isneginf(onsets).sum()) - 1, 0)
        kept = np.array(onsets[first:], np.float64), np.array(states[first:], np.int64)
        return cls(*kept, np.zeros(len(kept[0]), bool))

    def state_at(self, times: Float64Array) -> Int64Array:
        """Return the states (T,) at `times` (s)."""
        return self.states[np.searchsorted(self.onsets, times, side="right") - 1]

    def replaced(self, begin: float, end: float, state: int, sudden: tuple[bool, bool] = (False, False)) -> Looks:
        """Return looks with another state from `begin` to `end` (s).

        Args:
            begin: When the state begins; from 0 on it was so before.
            end: When what these looks have goes on.
            state: The state.
            sudden: Whether its begin and its end are without a saccade.
        """
        after = self.state_at(np.array([end]))
        begin = begin if begin > 0.0 else -np.inf
        before, later = self.onsets < begin, self.onsets > end
        return Looks(
            np.concatenate([self.onsets[before], [begin, end], self.onsets[later]]),
            np.concatenate([self.states[before], [state], after, self.states[later]]),
            np.concatenate([self.sudden[before], sudden, self.sudden[later]]),
        )


def _look_intervals(
    controls: GazeControls, rows: int, rate: FrameRate, rng: np.random.Generator
) -> Iterator[tuple[float, float]]:
    """Yield begin and end in seconds of the looks at the target: a renewal process whose rates follow the controls."""
    seconds = rows / rate.value
    times = np.arange(int(np.ceil(seconds * MODEL_RATE.value)) + 1) / MODEL_RATE.value
    often, duration = (controls.at(name, times, rate) for name in ("often", "duration"))
    mostly = often / np.maximum(1.0 - often, 1e-9)
    look = np.maximum(duration, MIN_AWAY * mostly)
    leaving = Clock(np.where(often < 1.0, 1.0 / look, 0.0))
    coming = Clock(np.where(often > 0.0, mostly / look, 0.0))
    now, is_looking = 0.0, bool(rng.random() < often[0])
    while now < seconds:
        clock = leaving if is_looking else coming
        end = max(clock.time_after(now, rng.gamma(REGULARITY, 1.0 / REGULARITY)), now + MIN_FIXATION)
        if is_looking:
            yield now, min(end, seconds)
        now, is_looking = end, not is_looking


def _fixations(begin: float, end: float, shares: Float64Array, rng: np.random.Generator) -> Iterator[tuple[float, int]]:
    """Yield the onsets (s) and the points of the fixations of a look."""
    now, last = begin, AWAY
    while now < end:
        point = int(rng.choice(len(shares), p=shares))
        if point != last:
            yield now, point
        last = point
        now += max(MIN_FIXATION, float(rng.lognormal(np.log(FIXATION), FIXATION_SPREAD)))
        if len(shares) == 1 or end - now < MIN_FIXATION:
            return
