"""DPM-Solver++ of second order (Lu et al. 2022): few steps instead of all, without noise in the steps."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from .diffusion import Array, Schedule

MIN_LOG_RATIO = -4.0
"""log(alpha / sigma) below which x contains too little of x0 to deserve more than one step."""

MIN_ALPHA_BAR = 1e-20
"""Lower bound of alpha_bar, so that its logarithm is finite: the shortest linear schedule ends at 0."""


class DpmSolver:
    """At most `count` of a schedule's steps, used like a Schedule for one sampling.

    They are the first step, and steps evenly spaced in log(alpha / sigma) from MIN_LOG_RATIO, as its authors advise.

    Raises:
        ValueError: If `count` is less than 1.
    """

    def __init__(self, schedule: Schedule, count: int) -> None:
        if count < 1:
            raise ValueError(f"steps must be at least 1. Got {count}.")
        self._alpha = np.sqrt(np.maximum(schedule.alpha_bar, MIN_ALPHA_BAR))
        self._sigma = np.sqrt(1 - schedule.alpha_bar)
        ratios = np.log(self._alpha / self._sigma)
        spaced = np.linspace(max(MIN_LOG_RATIO, ratios[-1]), ratios[0], count - 1)
        nearest = np.abs(ratios - spaced[:, None]).argmin(axis=1)
        self.steps = sorted({len(schedule) - 1, *nearest.tolist()}, reverse=True)
        self.step_index, self.table_row = schedule.step_index, schedule.table_row
        self._ratio = ratios
        self._next = dict(pairwise(self.steps))
        self._last: tuple[Any, float] | None = None

    def previous_sample(self, x0: Array, xt: Array, step: int, noise: Callable[[], Array]) -> Array:
        """Return the sample at the next of `steps`, from the x0 predicted at this step and at the previous one."""
        if step not in self._next:
            return x0
        target = self._next[step]
        width = float(self._ratio[target] - self._ratio[step])
        direction: Any = x0
        if self._last is not None:
            previous_x0, previous_width = self._last
            direction = x0 + width / (2 * previous_width) * (x0 - previous_x0)
        self._last = x0, width
        shrink = float(self._sigma[target] / self._sigma[step])
        return shrink * xt + float(self._alpha[target] * -np.expm1(-width)) * direction


def select_sampler(schedule: Schedule, steps: int | None) -> Schedule | DpmSolver:
    """Return the diffusion's schedule, or the solver with `steps` steps."""
    return schedule if steps is None else DpmSolver(schedule, steps)
