"""The sampler: from noise to x0, for a whole sequence or in a stream of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ..runtime.sliding_windows import sliding_windows
from ..types import Float32Array, Int32Array
from . import schedule
from .known_region import KnownRegion


@dataclass(frozen=True)
class SamplerState:
    """Rows between two steps.

    Attributes:
        xt: (B, T, C).
        speech: (B, T, W).
        region: The known region.
        held: Held predictions (B, T, H).
        openness: Factor (B, T) on the opening of the mouth.
        closures: Rows (B, T) to the nearest closure of the lips that is heard.
    """

    xt: Float32Array
    speech: Float32Array
    region: KnownRegion
    held: Float32Array
    openness: Float32Array
    closures: Float32Array

    def __len__(self) -> int:
        return self.xt.shape[1]

    def __getitem__(self, rows: slice) -> SamplerState:
        arrays = (array[:, rows] for array in (self.held, self.openness, self.closures))
        return SamplerState(self.xt[:, rows], self.speech[:, rows], self.region[rows], *arrays)

    @staticmethod
    def concatenated(parts: list[SamplerState]) -> SamplerState:
        """Return the concatenation of states in time."""
        arrays = ((part.xt, part.speech, part.held, part.openness, part.closures) for part in parts)
        xt, speech, *others = (np.concatenate(values, axis=1) for values in zip(*arrays, strict=True))
        return SamplerState(xt, speech, KnownRegion.concatenated([part.region for part in parts]), *others)

    @staticmethod
    def initial(
        xt: Float32Array,
        speech: Float32Array,
        region: KnownRegion,
        openness: Float32Array | None = None,
        closures: Float32Array | None = None,
    ) -> SamplerState:
        """Return the state before the first step.

        Without `openness` (B, T) the mouth opens everywhere, without `closures` (B, T) no closure is heard.
        """
        if openness is None:
            openness = np.ones(xt.shape[:2], np.float32)
        if closures is None:
            closures = np.full(xt.shape[:2], np.inf, np.float32)
        return SamplerState(xt, speech, region, xt[..., :0], openness, closures)


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


@dataclass(frozen=True)
class Hold:
    """Channels whose x0 is predicted at two steps only and held in between.

    The prediction at the first step, from noise alone, is the mean of the channels given the speech; every further one
    adds variation. The second one, of nearly clean rows, makes it as sharp as recorded motion.

    Attributes:
        channels: (H,) their columns.
        time: Share of the start time of the second prediction; the nearest step makes it.
    """

    channels: Int32Array
    time: float

    def predicting_steps(self, times: list[float]) -> set[int]:
        """Return the indices of the two steps, for the times that a sampler visits; one for a single step."""
        second = self.time * times[0]
        return {0, min(range(len(times) - 1), key=lambda step: abs(times[step] - second))}


Denoise = Callable[[SamplerState, float], Float32Array]
"""(rows, t) -> x0 (B, T, C)."""


def sample(
    denoise: Callable[[Float32Array, float], Float32Array], noise: Float32Array, region: KnownRegion, steps: int
) -> Float32Array:
    """Return x0 (B, T, C) from `noise` (B, T, C) in `steps` DDIM steps, with the known region imposed."""
    whole = SamplerState.initial(noise, noise[..., :0], region)
    spec = WindowSpec(0, 1, len(whole))
    return next(sample_stream(lambda rows, t: denoise(rows.xt, t), [whole], steps, spec)).xt


def sample_stream(
    denoise: Denoise,
    parts: Iterable[SamplerState],
    steps: int,
    spec: WindowSpec,
    count_rows: Callable[[int], None] = lambda rows: None,
    start_time: float = 1.0,
    hold: Hold | None = None,
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
        hold: Channels that are predicted at two steps only.
    """
    times = schedule.times(steps, start_time)
    predicting = set(range(steps)) if hold is None else hold.predicting_steps(times)
    for step, (t, t_next) in enumerate(pairwise(times)):  # start -> 0
        held = None if hold is None else _HeldStep(hold.channels, step in predicting)
        parts = _denoise_step(denoise, parts, t, t_next, spec, count_rows, held)
    for rows in parts:
        yield replace(rows, xt=rows.region.impose_values(rows.xt))


@dataclass(frozen=True)
class _HeldStep:
    """Held channels (H,) at one step, and whether it predicts them."""

    channels: Int32Array
    predicts: bool

    def apply(self, x0: Float32Array, rows: SamplerState) -> tuple[Float32Array, Float32Array]:
        """Return x0 (B, T, C) with the held channels, and their values (B, T, H)."""
        if self.predicts:
            return x0, x0[..., self.channels]
        x0 = x0.copy()
        x0[..., self.channels] = rows.held
        return x0, rows.held


def _denoise_step(
    denoise: Denoise,
    parts: Iterable[SamplerState],
    t: float,
    t_next: float,
    spec: WindowSpec,
    count_rows: Callable[[int], None],
    held_step: _HeldStep | None,
) -> Iterator[SamplerState]:
    """Every row at t_next, from t."""
    for window in sliding_windows(parts, spec.context_rows, spec.length, spec.stride, SamplerState.concatenated):
        x0, held = denoise(window.rows, t), window.rows.held
        if held_step is not None:
            x0, held = held_step.apply(x0, window.rows)
        x0 = window.rows.region.impose(x0)[:, window.valid]
        rows = window.rows[window.valid]
        xt = schedule.ddim_step(rows.xt, x0, t, t_next)
        count_rows(len(rows))
        yield replace(rows, xt=xt, held=held[:, window.valid])
