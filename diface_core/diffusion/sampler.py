"""The sampler: noise -> x0, all at once or in a stream of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from ..runtime.sliding_windows import sliding_windows
from . import schedule
from .known_region import KnownRegion


@dataclass(frozen=True)
class SamplerState:
    """Rows on their way through the steps: `xt` (B, T, C), `speech` (B, T, W) and what is kept of them."""

    xt: Tensor
    speech: Tensor
    region: KnownRegion

    def __len__(self) -> int:
        return self.xt.shape[1]

    def __getitem__(self, rows: slice) -> SamplerState:
        return SamplerState(self.xt[:, rows], self.speech[:, rows], self.region[rows])

    @staticmethod
    def concatenated(parts: list[SamplerState]) -> SamplerState:
        """The parts one after the other."""
        xt, speech = torch.cat([part.xt for part in parts], dim=1), torch.cat([part.speech for part in parts], dim=1)
        return SamplerState(xt, speech, KnownRegion.concatenated([part.region for part in parts]))


@dataclass(frozen=True)
class WindowSpec:
    """How far a denoiser sees: `rows` either way, from rows that are multiples of `stride`; and how many there are."""

    context_rows: int
    stride: int
    length: int


Denoise = Callable[[SamplerState, Tensor], Tensor]
"""(rows, t scalar) -> x0 (B, T, C)."""


def sample(denoise: Callable[[Tensor, Tensor], Tensor], noise: Tensor, region: KnownRegion, steps: int) -> Tensor:
    """x0 (B, T, C) from `noise` (B, T, C) in `steps` deterministic steps (DDIM), through every kept value."""
    whole = SamplerState(noise, noise[..., :0], region)
    reach = WindowSpec(0, 1, len(whole))
    return next(sample_stream(lambda rows, t: denoise(rows.xt, t), [whole], steps, reach)).xt


def sample_stream(
    denoise: Denoise,
    parts: Iterable[SamplerState],
    steps: int,
    spec: WindowSpec,
    count_rows: Callable[[int], None] = lambda rows: None,
    start_time: float = 1.0,
) -> Iterator[SamplerState]:
    """The same for rows that come in parts (whose `xt` is the noise, or what it is at t `start`), of any number: equal
    to the whole.

    A row of a step depends only on rows within reach in the step before. So the steps run behind one another, each
    `reach` rows behind the last, and hold no more than that: the first rows leave when steps x reach more have come.
    `count` is told how many rows have made one step more; what it raises passes through.
    """
    for t, t_next in pairwise(schedule.times(steps, start_time)):  # start -> 0
        parts = _denoise_step(denoise, parts, t, t_next, spec, count_rows)
    for rows in parts:
        yield SamplerState(rows.region.impose_values(rows.xt), rows.speech, rows.region)


def _denoise_step(
    denoise: Denoise,
    parts: Iterable[SamplerState],
    t: Tensor,
    t_next: Tensor,
    spec: WindowSpec,
    count_rows: Callable[[int], None],
) -> Iterator[SamplerState]:
    """Every row at t_next instead of t."""
    for window in sliding_windows(parts, spec.context_rows, spec.length, spec.stride, SamplerState.concatenated):
        x0 = window.rows.region.impose(denoise(window.rows, t))[:, window.valid]
        rows = window.rows[window.valid]
        xt = schedule.ddim_step(rows.xt, x0, t, t_next)
        count_rows(len(rows))
        yield SamplerState(xt, rows.speech, rows.region)
