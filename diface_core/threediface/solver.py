"""DPM-Solver++ of second order (Lu et al. 2022): few steps in place of all, without fresh noise."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from torch import Tensor

from .diffusion import Schedule


class Solver:
    """At most `count` of the schedule's steps, evenly spaced, in the place of a Schedule, for one sampling.

    Raises ValueError for no steps.
    """

    def __init__(self, schedule: Schedule, count: int) -> None:
        if count < 1:
            raise ValueError(f"steps must be at least 1. Got {count}.")
        spaced = np.linspace(len(schedule) - 1, 0, min(count, len(schedule)))
        self.steps = [round(step) for step in spaced]
        self.told = schedule.told
        self._next = dict(pairwise(self.steps))
        self._alpha = np.sqrt(schedule.alpha_bar)
        self._sigma = np.sqrt(1 - schedule.alpha_bar)
        self._last: tuple[Tensor, float] | None = None

    def before(self, x0: Tensor, xt: Tensor, step: int, noise: Callable[[], Tensor]) -> Tensor:
        """x at the next of `steps`, from the predicted x0 here and, but for the first time, at the step before this."""
        if step not in self._next:
            return x0
        target = self._next[step]
        width = self._log_ratio(target) - self._log_ratio(step)
        direction = x0
        if self._last is not None:
            before, its_width = self._last
            direction = x0 + width / (2 * its_width) * (x0 - before)
        self._last = x0, width
        shrink = float(self._sigma[target] / self._sigma[step])
        return shrink * xt + float(self._alpha[target] * -np.expm1(-width)) * direction

    def _log_ratio(self, step: int) -> float:
        """log(alpha / sigma), half the log signal-to-noise ratio."""
        return float(np.log(self._alpha[step] / self._sigma[step]))


def method(schedule: Schedule, steps: int | None) -> Schedule | Solver:
    """All the diffusion's own steps, or so many of the solver."""
    return schedule if steps is None else Solver(schedule, steps)
