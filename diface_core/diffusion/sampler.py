"""The sampler: noise -> x0, all at once or in a stream of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from ..runtime.sliding_windows import windows
from . import schedule
from .constraints import Kept


@dataclass(frozen=True)
class Rows:
    """Rows on their way through the steps: `xt` (B, T, C), `speech` (B, T, W) and what is kept of them."""

    xt: Tensor
    speech: Tensor
    kept: Kept

    def __len__(self) -> int:
        return self.xt.shape[1]

    def __getitem__(self, rows: slice) -> Rows:
        return Rows(self.xt[:, rows], self.speech[:, rows], self.kept[rows])

    @staticmethod
    def joined(parts: list[Rows]) -> Rows:
        """The parts one after the other."""
        xt, speech = torch.cat([part.xt for part in parts], dim=1), torch.cat([part.speech for part in parts], dim=1)
        return Rows(xt, speech, Kept.joined([part.kept for part in parts]))


@dataclass(frozen=True)
class Reach:
    """How far a denoiser sees: `rows` either way, from rows that are multiples of `stride`; and how many there are."""

    rows: int
    stride: int
    length: int


Denoise = Callable[[Rows, Tensor], Tensor]
"""(rows, t scalar) -> x0 (B, T, C)."""


def sample(denoise: Callable[[Tensor, Tensor], Tensor], noise: Tensor, kept: Kept, steps: int) -> Tensor:
    """x0 (B, T, C) from `noise` (B, T, C) in `steps` deterministic steps (DDIM), through every kept value."""
    whole = Rows(noise, noise[..., :0], kept)
    reach = Reach(0, 1, len(whole))
    return next(stream(lambda rows, t: denoise(rows.xt, t), [whole], steps, reach)).xt


def stream(
    denoise: Denoise,
    parts: Iterable[Rows],
    steps: int,
    reach: Reach,
    count: Callable[[int], None] = lambda rows: None,
    start: float = 1.0,
) -> Iterator[Rows]:
    """The same for rows that come in parts (whose `xt` is the noise, or what it is at t `start`), of any number: equal
    to the whole.

    A row of a step depends only on rows within reach in the step before. So the steps run behind one another, each
    `reach` rows behind the last, and hold no more than that: the first rows leave when steps x reach more have come.
    `count` is told how many rows have made one step more; what it raises passes through.
    """
    for t, t_next in pairwise(schedule.times(steps, start)):  # start -> 0
        parts = _step(denoise, parts, t, t_next, reach, count)
    for rows in parts:
        yield Rows(rows.kept.exactly(rows.xt), rows.speech, rows.kept)


def _step(
    denoise: Denoise, parts: Iterable[Rows], t: Tensor, t_next: Tensor, reach: Reach, count: Callable[[int], None]
) -> Iterator[Rows]:
    """Every row at t_next instead of t."""
    for window in windows(parts, reach.rows, reach.length, reach.stride, Rows.joined):
        x0 = window.rows.kept.impose(denoise(window.rows, t))[:, window.inner]
        rows = window.rows[window.inner]
        xt = schedule.step(rows.xt, x0, t, t_next)
        count(len(rows))
        yield Rows(xt, rows.speech, rows.kept)
