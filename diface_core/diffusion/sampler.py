"""The sampler: from noise to x0, for a whole sequence or in a stream of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..runtime.sliding_windows import sliding_windows
from ..types import Float32Array
from . import schedule
from .known_region import KnownRegion


@dataclass(frozen=True)
class SamplerState:
    """Rows between two steps: `xt` (B, T, C), `speech` (B, T, W) and their known region."""

    xt: Float32Array
    speech: Float32Array
    region: KnownRegion

    def __len__(self) -> int:
        return self.xt.shape[1]

    def __getitem__(self, rows: slice) -> SamplerState:
        return SamplerState(self.xt[:, rows], self.speech[:, rows], self.region[rows])

    @staticmethod
    def concatenated(parts: list[SamplerState]) -> SamplerState:
        """Return the concatenation of states in time."""
        xt, speech = (np.concatenate(values, axis=1) for values in zip(*((p.xt, p.speech) for p in parts), strict=True))
        return SamplerState(xt, speech, KnownRegion.concatenated([part.region for part in parts]))


@dataclass(frozen=True)
class WindowSpec:
    """How a denoiser works on windows.

    Attributes:
        context_rows: Its receptive field on either side.
        stride: Windows begin at multiples of this.
        length: Number of rows of the sequence.
    """

    context_rows: int
    stride: int
    length: int


Denoise = Callable[[SamplerState, float], Float32Array]
"""(rows, t) -> x0 (B, T, C)."""


def sample(
    denoise: Callable[[Float32Array, float], Float32Array], noise: Float32Array, region: KnownRegion, steps: int
) -> Float32Array:
    """Return x0 (B, T, C) from `noise` (B, T, C) in `steps` DDIM steps, with the known region imposed."""
    whole = SamplerState(noise, noise[..., :0], region)
    spec = WindowSpec(0, 1, len(whole))
    return next(sample_stream(lambda rows, t: denoise(rows.xt, t), [whole], steps, spec)).xt


def sample_stream(
    denoise: Denoise,
    parts: Iterable[SamplerState],
    steps: int,
    spec: WindowSpec,
    count_rows: Callable[[int], None] = lambda rows: None,
    start_time: float = 1.0,
) -> Iterator[SamplerState]:
    """Yield `sample` for rows that come in parts of any lengths; equal to the result on the whole.

    A row of a step depends only on rows within the receptive field in the step before. The steps run one behind
    another, each `context_rows` rows behind the last, and hold no more than that: the first rows are complete when
    steps x context_rows more have come.

    Args:
        denoise: Predicts x0.
        parts: States whose `xt` is the noise, or the noised motion at `start_time`.
        steps: Number of steps.
        spec: Windows of the denoiser.
        count_rows: Called with the number of rows that one step has processed; may raise to stop.
        start_time: Time t of `parts`.
    """
    for t, t_next in pairwise(schedule.times(steps, start_time)):  # start -> 0
        parts = _denoise_step(denoise, parts, t, t_next, spec, count_rows)
    for rows in parts:
        yield SamplerState(rows.region.impose_values(rows.xt), rows.speech, rows.region)


def _denoise_step(
    denoise: Denoise,
    parts: Iterable[SamplerState],
    t: float,
    t_next: float,
    spec: WindowSpec,
    count_rows: Callable[[int], None],
) -> Iterator[SamplerState]:
    """Every row at t_next, from t."""
    for window in sliding_windows(parts, spec.context_rows, spec.length, spec.stride, SamplerState.concatenated):
        x0 = window.rows.region.impose(denoise(window.rows, t))[:, window.valid]
        rows = window.rows[window.valid]
        xt = schedule.ddim_step(rows.xt, x0, t, t_next)
        count_rows(len(rows))
        yield SamplerState(xt, rows.speech, rows.region)
