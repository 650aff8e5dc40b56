"""Sampling of one part, face or head, with its denoiser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from .. import channels
from ..diffusion import schedule
from ..diffusion.guidance import apply_guidance
from ..diffusion.known_region import Guard, KnownRegion, unconstrained
from ..diffusion.sampler import SamplerState, WindowSpec, sample_stream
from ..motion.warp import warp_context_rows
from ..runtime.parallel import map_parallel
from ..runtime.sliding_windows import sliding_windows
from ..types import ConstraintProvider, Constraints, Float32Array, GenerateRequest, Pins, Style
from . import lip_closure
from .denoiser import Denoiser
from .style import apply_style


class PartSampler:
    """One part's denoiser at work on one request, from row `first` of the seed's noise on. Raises ModelError for an
    unknown style."""

    def __init__(self, part: str, denoiser: Denoiser, request: GenerateRequest, first_row: int = 0) -> None:
        self._part, self._request, self._first_row = part, request, first_row
        # The head has one style, its motion goes with the speech only loosely, and its noise is how far it moves.
        face = part == "face"
        self._variety = request.variety if face else 1.0
        self._guidance_scales = (request.guidance, request.style_guidance) if face else (1.0, 1.0)
        with torch.inference_mode():
            self._denoiser, self._style = apply_style(denoiser, request.style if face else Style())
            self._no_style = torch.zeros_like(self._style)
        self._lip_guard = _lip_closure_guard(self._denoiser) if face else None

    def stream(
        self,
        features: Iterator[Float32Array],
        rows: int,
        constraint_provider: ConstraintProvider | None,
        count_rows: Callable[[int], None],
    ) -> Iterator[Float32Array]:
        """Values (n, C) in order; `count` is told how many rows more one of the steps has done."""
        begun = self._initial_states(features, rows, constraint_provider)
        if constraint_provider is None:
            performed = self._run_sampler(begun, rows, self._denoiser.context_rows, 0.0, count_rows)
        else:
            first = constraint_provider(0, min(rows, 1))
            performed = self._run_sampler(
                begun,
                rows,
                self._denoiser.context_rows + warp_context_rows(first.falloff),
                first.keep_motion,
                count_rows,
            )
        done = 0
        for part in performed:
            x0 = self._denoiser.denormalise(part.xt)[0].cpu().numpy()
            values = lip_closure.close_small_gaps(x0) if self._part == "face" else x0
            if constraint_provider is not None:
                kept = constraint_provider(done, done + len(values))
                values = np.where(kept.known_mask, kept.values, values)
            yield values
            done += len(values)

    def _initial_states(
        self, features: Iterator[Float32Array], rows: int, constraint_provider: ConstraintProvider | None
    ) -> Iterator[SamplerState]:
        """The rows before the first step: noise, and as much of what is there already as shall stay."""
        noise = noise_source(self._request.seed, self._part, len(self._denoiser.config.channels))
        noise(self._first_row)
        done = 0
        for speech in self._encode_features(features, rows):
            last = done + speech.shape[1]
            xt = self._variety * noise(last - done).to(self._denoiser.device)
            kept = unconstrained(xt)
            if constraint_provider is not None:
                kept = _known_region(self._denoiser, constraint_provider(done, last), self._lip_guard)
            yield SamplerState(xt, speech, kept)
            done = last

    def _run_sampler(
        self,
        states: Iterator[SamplerState],
        rows: int,
        context_rows: int,
        keep_motion: float,
        count_rows: Callable[[int], None],
    ) -> Iterator[SamplerState]:
        """x0, from noise in all steps, or in fewer the more of the kept values' Motion stays (Meng et al. 2022)."""
        where = WindowSpec(context_rows, self._denoiser.stride, rows)
        if keep_motion == 0:
            return sample_stream(self._denoise, states, self._request.steps, where, count_rows)
        states = _noised_from_known(states, context_rows, rows, 1 - keep_motion)
        if keep_motion == 1:
            return states
        steps = max(1, round(self._request.steps * (1 - keep_motion)))
        return sample_stream(self._denoise, states, steps, where, count_rows, 1 - keep_motion)

    def _encode_features(self, features: Iterator[Float32Array], rows: int) -> Iterator[Tensor]:
        """Rows (1, n, W) of the tower."""
        tower = self._denoiser.speech
        for window in sliding_windows(features, tower.context_rows, rows):
            with torch.inference_mode():
                heard = tower(torch.from_numpy(window.rows)[None].to(self._denoiser.device))
            yield heard[:, window.valid]

    def _denoise(self, rows: SamplerState, t: Tensor) -> Tensor:
        denoiser = self._denoiser

        def predict(heard: bool, with_style: bool) -> Tensor:
            speech = rows.speech if heard else denoiser.speech.unheard
            style = self._style if with_style else self._no_style
            with torch.inference_mode():
                return denoiser(rows.xt, t[None].to(rows.xt.device), speech, style, rows.region)

        each = map if rows.xt.is_cuda else map_parallel
        with torch.inference_mode():
            return apply_guidance(predict, *self._guidance_scales, each)


def noise_source(seed: int, part: str, width: int) -> Callable[[int], Tensor]:
    """A seed's noise: each call gives the next `rows` rows (1, rows, width). Face and head are independent."""
    generator = np.random.default_rng([seed, list(channels.PARTS).index(part)])
    return lambda rows: torch.from_numpy(generator.standard_normal((rows, width), np.float32))[None]


def _known_region(denoiser: Denoiser, constraints: Constraints, guard: Guard | None) -> KnownRegion:
    values = denoiser.normalise(torch.from_numpy(np.nan_to_num(constraints.values)).to(denoiser.device))
    keep, pins = torch.from_numpy(constraints.known_mask).to(denoiser.device), constraints.pins
    mean, deviation = (denoiser.get_buffer(name).cpu().numpy() for name in ("mean", "deviation"))
    value = ((pins.value - mean[pins.channel]) / deviation[pins.channel]).astype(np.float32)
    wanted = replace(constraints, values=values.cpu().numpy(), pins=Pins(pins.row, pins.channel, value))
    return KnownRegion(values[None], keep[None], wanted, guard)


def _noised_from_known(
    states: Iterator[SamplerState], context_rows: int, rows: int, start_time: float
) -> Iterator[SamplerState]:
    """Instead of noise alone, what the rows' own values, bent, are at t `start`."""
    alpha, sigma = schedule.alpha_sigma(torch.tensor(start_time))
    for window in sliding_windows(states, context_rows, rows, join=SamplerState.concatenated):
        bent = window.rows.region.impose(window.rows.region.values)[:, window.valid]
        some = window.rows[window.valid]
        yield SamplerState(alpha.to(bent) * bent + sigma.to(bent) * some.xt, some.speech, some.region)


def _lip_closure_guard(denoiser: Denoiser) -> Guard:
    """Lips that the speech shuts stay shut beside a pin."""
    mean, deviation = (denoiser.get_buffer(name).cpu().numpy() for name in ("mean", "deviation"))

    def guard(predicted: Float32Array, bent: Float32Array, wanted: Constraints) -> Float32Array:
        pinned = wanted.known_mask.copy()
        near = np.clip(np.stack([np.floor(wanted.pins.row), np.ceil(wanted.pins.row)]).astype(int), 0, len(bent) - 1)
        pinned[near, wanted.pins.channel] = True
        shut = lip_closure.preserve_lip_closure(predicted * deviation + mean, bent * deviation + mean, pinned)
        return ((shut - mean) / deviation).astype(np.float32)

    return guard
