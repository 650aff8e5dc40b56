"""The sampler: noise -> x0, a pure function."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from torch import Tensor

from . import schedule
from .constraints import Kept
from .guidance import Denoise


def sample(
    denoise: Denoise,
    noise: Tensor,
    kept: Kept,
    steps: int,
    report: Callable[[float], None] = lambda fraction: None,
) -> Tensor:
    """x0 (B, T, C) from `noise` (B, T, C) in `steps` deterministic steps (DDIM), through every kept value.

    `report` is called with the fraction done after each step; what it raises passes through.
    """
    xt = noise
    for done, (t, t_next) in enumerate(pairwise(schedule.times(steps)), 1):  # 1 -> 0
        x0 = kept.impose(denoise(xt, t))
        xt = schedule.step(xt, x0, t, t_next)
        report(done / steps)
    return kept.impose(xt)
