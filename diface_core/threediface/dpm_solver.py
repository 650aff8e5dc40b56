"""DPM-Solver++ of second order (Lu et al. 2022): few steps in place of all, without fresh noise."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from torch import Tensor

from .diffusion import Schedule

MIN_LOG_RATIO = -4.0
"""log(alpha / sigma) below which x tells too little of x0 for more than one step."""

MIN_ALPHA_BAR = 1e-20
"""In place of no x0 at all in the noise, which the shortest linear schedule ends at: its logarithm is a number."""


class DpmSolver:
    """At most `count` of the schedule's steps in the place of a Schedule, for one sampling: the first, and from FIRST
    on evenly spaced in log(alpha / sigma), as its authors advise.

    Raises ValueError for no steps.
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
        self.step_index = schedule.step_index
        self._ratio = ratios
        self._next = dict(pairwise(self.steps))
        self._last: tuple[Tensor, float] | None = None

    def previous_sample(self, x0: Tensor, xt: Tensor, step: int, noise: Callable[[], Tensor]) -> Tensor:
        """x at the next of `steps`, from the predicted x0 here and, but for the first time, at the step before this."""
        if step not in self._next:
            return x0
        target = self._next[step]
        width = float(self._ratio[target] - self._ratio[step])
        direction = x0
        if self._last is not None:
            before, its_width = self._last
            direction = x0 + width / (2 * its_width) * (x0 - before)
        self._last = x0, width
        shrink = float(self._sigma[target] / self._sigma[step])
        return shrink * xt + float(self._alpha[target] * -np.expm1(-width)) * direction


def select_sampler(schedule: Schedule, steps: int | None) -> Schedule | DpmSolver:
    """All the diffusion's own steps, or so many of the solver."""
    return schedule if steps is None else DpmSolver(schedule, steps)
