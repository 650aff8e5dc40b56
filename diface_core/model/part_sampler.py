"""Sampling of one part, face or head, with its denoiser."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from .. import channels
from ..audio.speech_encoder import LOUDNESS
from ..diffusion import schedule
from ..diffusion.guidance import Conditions, apply_guidance
from ..diffusion.known_region import Guard, KnownRegion, unconstrained
from ..diffusion.sampler import SamplerState, WindowSpec, sample_stream
from ..motion.warp import warp_context_rows
from ..runtime.sliding_windows import sliding_windows
from ..types import ConstraintProvider, Constraints, Float32Array, GenerateRequest, Pins, Style
from . import closure_detector, lip_closure, quiet_mouth
from .closure_detector import ClosureDetector
from .motion_denoiser import MotionDenoiser
from .sampling_rule import sampling_rule
from .style import apply_style


class PartSampler:
    """Samples one part of a request with its denoiser, from row `first_row` of the seed's noise on.

    Raises:
        ModelError: The style is unknown.
    """

    def __init__(
        self,
        part: str,
        denoiser: MotionDenoiser,
        request: GenerateRequest,
        first_row: int = 0,
        closures: ClosureDetector | None = None,
    ) -> None:
        self._part, self._request, self._first_row = part, request, first_row
        # The head has one style, follows the speech only loosely, and the scale of its noise is that of its motion.
        is_face = part == "face"
        self._rule = sampling_rule(part, request.sampler)
        self._noise_scale = self._rule.noise * np.float32(request.variety if is_face else 1.0)
        self._guidance_scales = (request.guidance, request.style_guidance) if is_face else (1.0, 1.0)
        self._denoiser, self._style = apply_style(denoiser, request.style if is_face else Style())
        self._closures = closures if self._rule.shuts_closures else None
        self._lip_guard = _lip_closure_guard(self._denoiser) if is_face else None

    def stream(
        self,
        features: Iterator[Float32Array],
        rows: int,
        constraint_provider: ConstraintProvider | None,
        count_rows: Callable[[int], None],
    ) -> Iterator[Float32Array]:
        """Yield values (n, C) in order; `count_rows` is called with the number of rows that one step has processed."""
        states = self._initial_states(features, rows, constraint_provider)
        context_rows, keep_motion = self._denoiser.context_rows, 0.0
        if constraint_provider is not None:
            first = constraint_provider(0, min(rows, 1))
            context_rows, keep_motion = context_rows + warp_context_rows(first.falloff), first.keep_motion
        done = 0
        for part in self._run_sampler(states, rows, context_rows, keep_motion, count_rows):
            x0 = self._denoiser.scale.denormalise(part.xt)[0]
            values = self._rule.finish(x0)
            if constraint_provider is not None:
                constraints = constraint_provider(done, done + len(values))
                values = np.where(constraints.known_mask, constraints.values, values)
            yield values
            done += len(values)

    def _initial_states(
        self, features: Iterator[Float32Array], rows: int, constraint_provider: ConstraintProvider | None
    ) -> Iterator[SamplerState]:
        """The rows before the first step: noise, with their known region."""
        noise = noise_source(self._request.seed, self._part, len(self._denoiser.config.channels))
        noise(self._first_row)
        done = 0
        for speech, openness, closures in self._encode_features(features, rows):
            last = done + speech.shape[1]
            xt = self._noise_scale * noise(last - done)
            region = unconstrained(xt)
            if constraint_provider is not None:
                region = _known_region(self._denoiser, constraint_provider(done, last), self._lip_guard)
            yield SamplerState.initial(xt, speech, region, openness, closures)
            done = last

    def _run_sampler(
        self,
        states: Iterator[SamplerState],
        rows: int,
        context_rows: int,
        keep_motion: float,
        count_rows: Callable[[int], None],
    ) -> Iterator[SamplerState]:
        """x0 from noise in all steps, or in fewer the more of the existing motion is kept (Meng et al. 2022)."""
        spec = WindowSpec(context_rows, self._denoiser.stride, rows)
        if keep_motion == 0:
            return sample_stream(self._denoise, states, self._request.steps, spec, count_rows, hold=self._rule.hold)
        states = _noised_from_known(states, context_rows, rows, 1 - keep_motion)
        if keep_motion == 1:
            return states
        steps = max(1, round(self._request.steps * (1 - keep_motion)))
        return sample_stream(self._denoise, states, steps, spec, count_rows, 1 - keep_motion, self._rule.hold)

    def _encode_features(
        self, features: Iterator[Float32Array], rows: int
    ) -> Iterator[tuple[Float32Array, Float32Array | None, Float32Array | None]]:
        """Rows (1, n, W) of the speech tower, the mouth's openness (1, n) by loudness, and rows to closures (1, n).

        The latter are None if the mouth does not rest, or shut at closures.
        """
        context = max(self._denoiser.speech_context_rows, closure_detector.CONTEXT if self._closures else 0)
        for window in sliding_windows(features, context, rows):
            openness = closures = None
            if self._closures:
                closures = self._closures.distances(window.rows)[None, window.valid]
            if self._rule.rests_where_quiet:
                openness = quiet_mouth.openness(window.rows[:, LOUDNESS])[None, window.valid]
            yield self._denoiser.encode_speech(window.rows)[:, window.valid], openness, closures

    def _denoise(self, rows: SamplerState, t: float) -> Float32Array:
        xt, flags = rows.region.denoiser_input(rows.xt)
        no_speech = np.broadcast_to(self._denoiser.no_speech, rows.speech.shape)
        no_style = np.zeros_like(self._style)

        def predict(conditions: Sequence[Conditions]) -> Sequence[Float32Array]:
            speech = np.concatenate([rows.speech if with_speech else no_speech for with_speech, _ in conditions])
            style = np.concatenate([self._style if with_style else no_style for _, with_style in conditions])
            return np.split(self._denoiser.denoise(xt, t, speech, style, flags), len(conditions))

        x0 = apply_guidance(predict, *self._guidance_scales)
        if self._rule.rests_where_quiet:
            x0 = quiet_mouth.rest_where_quiet(x0, rows.openness, self._denoiser.scale)
        return closure_detector.shut_lips(x0, rows.closures, self._denoiser.scale) if self._closures else x0


def noise_source(seed: int, part: str, width: int) -> Callable[[int], Float32Array]:
    """Return a function that returns the next rows (1, rows, width) of the noise of a seed and a part."""
    generator = np.random.default_rng([seed, list(channels.PARTS).index(part)])
    return lambda rows: generator.standard_normal((rows, width), np.float32)[None]


def _known_region(denoiser: MotionDenoiser, constraints: Constraints, guard: Guard | None) -> KnownRegion:
    scale, pins = denoiser.scale, constraints.pins
    values = scale.normalise(np.nan_to_num(constraints.values))
    value = ((pins.value - scale.mean[pins.channel]) / scale.deviation[pins.channel]).astype(np.float32)
    normalised = replace(constraints, values=values, pins=Pins(pins.row, pins.channel, value))
    return KnownRegion(values[None], constraints.known_mask[None], normalised, guard)


def _noised_from_known(
    states: Iterator[SamplerState], context_rows: int, rows: int, start_time: float
) -> Iterator[SamplerState]:
    """The known values, warped and noised to t `start_time`, instead of noise alone."""
    for window in sliding_windows(states, context_rows, rows, join=SamplerState.concatenated):
        warped = window.rows.region.impose(window.rows.region.values)[:, window.valid]
        inner = window.rows[window.valid]
        yield replace(inner, xt=schedule.add_noise(warped, inner.xt, start_time))


def _lip_closure_guard(denoiser: MotionDenoiser) -> Guard:
    """A guard against warps that open lips which the speech closes."""
    mean, deviation = denoiser.scale.mean, denoiser.scale.deviation

    def guard(predicted: Float32Array, warped: Float32Array, constraints: Constraints) -> Float32Array:
        pinned, pins = constraints.known_mask.copy(), constraints.pins
        near = np.clip(np.stack([np.floor(pins.row), np.ceil(pins.row)]).astype(int), 0, len(warped) - 1)
        pinned[near, pins.channel] = True
        closed = lip_closure.preserve_lip_closure(predicted * deviation + mean, warped * deviation + mean, pinned)
        return ((closed - mean) / deviation).astype(np.float32)

    return guard
