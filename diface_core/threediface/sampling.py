"""The samplers of 3DiFACE: noise -> face displacement or head rotation, free or around known frames.

Speech features may have any number of rows. They are padded to a multiple of the network's stride, and the padding is
cut off the result, so that no frame of the speech is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ..runtime.prefetch import prefetching
from ..types import Float32Array
from .checkpoint import FaceModel, HeadModel
from .diffusion import NoiseSource, Schedule, seeded_noise
from .dpm_solver import select_sampler
from .guidance import guided_denoiser, pad_to_stride, step_denoiser
from .known_frames import KnownFrames, clamp_known, make_array_inpainter, make_inpainter, mask_channel
from .projection import ClampedError, Projection, exact_noise, normal_noise

HEAD_MEAN = np.array([-0.05855013, -0.0028288, -0.01964026], np.float32)
HEAD_DEVIATION = np.array([0.11084834, 0.10225139, 0.08779355], np.float32)
"""Mean and deviation of the neck's rotation vector in the training data, by which the head network standardises."""

ROUNDING_SENSITIVE_NORMS = ("instance", "instancefalse", "group")
"""Norms that divide by the spread of one channel or a few, even if that is only rounding.

A computation in another order, equal up to rounding, may then lead to another sample, as a different noise would.
"""

ProgressCallback = Callable[[float], None]
"""Receives the fraction done, 0 to 1; may raise to cancel."""

StepCallback = Callable[[int, Float32Array], None]
"""Receives a diffusion step and the result (T, C) if that step were the last."""


@dataclass(frozen=True, eq=False)
class SamplingOptions:
    """How a motion is sampled.

    Attributes:
        noise: Seed; or the noise itself, drawn as x_T (1, T, C) and then once per step, to reproduce the original's
            results.
        style: Index of a trained style, or a weight of each (styles,).
        guidance: Scale of classifier-free guidance towards the speech: 0 ignores the speech, 1 is no guidance. Heads
            are always sampled without.
        known: Known frames, in the units of the result.
        steps: Steps of DPM-Solver++; None takes every step of the model's diffusion.
    """

    noise: int | NoiseSource = 0
    style: int | Float32Array = 0
    guidance: float = 0.5
    known: KnownFrames | None = None
    steps: int | None = None


DEFAULT_OPTIONS = SamplingOptions()


def sample_face(
    model: FaceModel,
    audio_features: Float32Array,
    options: SamplingOptions = DEFAULT_OPTIONS,
    report: ProgressCallback = lambda done: None,
    on_step: StepCallback | None = None,
) -> Float32Array:
    """Sample a face motion in the space of `projection`, or by sample_all_vertices if that would be inexact.

    Args:
        model: The face model.
        audio_features: Speech features (T, ch) of the same model.
        options: How to sample.
        report: Called with the fraction done.
        on_step: Called with the intermediate result of every step.

    Returns:
        (T, 15069): displacement in metres, or the vertices themselves if diffusion.displacement is False.

    Raises:
        ModelError: If the model does not have the style, or the features are of another model.
    """
    network = model.network

    def output(hidden: Float32Array) -> Float32Array:
        return network.output_from_hidden(torch.from_numpy(hidden).to(network.device)).cpu().numpy()

    if callable(options.noise) and network.config.norm in ROUNDING_SENSITIVE_NORMS:
        return sample_all_vertices(model, audio_features, options, report)
    on_hidden = on_step and (lambda step, hidden: on_step(step, output(hidden)))
    try:
        hidden = sample_hidden(model, audio_features, options, report, on_hidden)
    except ClampedError:
        return sample_all_vertices(model, audio_features, options, report, on_step)
    with torch.inference_mode():
        motion = output(hidden)
    known = options.known
    return motion if known is None else np.where(known.mask[:, None], clamp_known(known, model).values, motion)


def sample_hidden(
    model: FaceModel,
    audio_features: Float32Array,
    options: SamplingOptions = DEFAULT_OPTIONS,
    report: ProgressCallback = lambda done: None,
    on_step: StepCallback | None = None,
) -> Float32Array:
    """Sample the input (T, ch) of the network's last layer; known frames are not put back.

    With a seed, the noise of the steps is drawn from its distribution in the projected space, not vertex by vertex, if
    that is close enough to normal.

    Raises:
        ClampedError: If only sample_all_vertices can compute this sample.
    """
    network, steps = model.network, select_sampler(Schedule(model.diffusion), options.steps)
    audio_features, rows = pad_to_stride(audio_features, network.config), len(audio_features)
    with torch.inference_mode():
        if network.output_layer is None:
            raise ClampedError
        projection = Projection(network)
        denoise = step_denoiser(model, audio_features, options.style, options.guidance, approximate=True)
        known = None if options.known is None else clamp_known(options.known, model)
        inpaint = make_array_inpainter(known, network, len(audio_features), projection.project)
        xt, draw_noise = _projected_noise(projection, model, len(audio_features), options)

        hidden = xt
        with prefetching(draw_noise) as next_noise:
            for done, step in enumerate(steps.steps, start=1):
                hidden = denoise(xt + projection.offset, steps.table_row(step))
                if model.diffusion.clamp:
                    projection.check_clamp(hidden)
                xt = steps.previous_sample(inpaint(projection.project_hidden(hidden)), xt, step, next_noise)
                if on_step:
                    on_step(step, hidden[:rows])
                report(done / len(steps.steps))
        return hidden[:rows]


def sample_all_vertices(
    model: FaceModel,
    audio_features: Float32Array,
    options: SamplingOptions = DEFAULT_OPTIONS,
    report: ProgressCallback = lambda done: None,
    on_step: StepCallback | None = None,
) -> Float32Array:
    """Sample as sample_face, computed as by the original: all vertices in every step, every noise value drawn."""
    network = model.network
    audio_features, rows = pad_to_stride(audio_features, network.config), len(audio_features)
    with torch.inference_mode():
        denoise, mix = guided_denoiser(network, audio_features, options.style, options.guidance)
        inpaint = make_inpainter(options.known, network, len(audio_features))
        draw_noise = _frame_noise(options.noise, model, len(audio_features))

        steps = select_sampler(Schedule(model.diffusion), options.steps)
        xt = draw_noise()
        for done, step in enumerate(steps.steps, start=1):
            hidden = denoise(network.embed_motion(xt), steps.step_index(step, network.device))
            x0 = inpaint(mix(network.output_from_hidden(hidden)))
            xt = steps.previous_sample(x0.clamp(-1, 1) if model.diffusion.clamp else x0, xt, step, draw_noise)
            if on_step:
                on_step(step, x0[0, :rows].cpu().numpy())
            report(done / len(steps.steps))
        return xt[0, :rows].cpu().numpy()


def sample_head(
    model: HeadModel,
    audio_features: Float32Array,
    options: SamplingOptions = DEFAULT_OPTIONS,
    report: ProgressCallback = lambda done: None,
    on_step: StepCallback | None = None,
) -> Float32Array:
    """Sample a head motion.

    Args:
        model: The head model.
        audio_features: Speech features (T, ch) of the listener: the face model whose audio encoder conditions the head.
        options: How to sample; known frames are rotation vectors (T, 3).
        report: Called with the fraction done.
        on_step: Called with the intermediate result of every step.

    Returns:
        Rotation vectors of the neck (T, 3), radians.
    """
    known = options.known
    if known is not None and known.values.shape[1] != 3:
        raise ValueError(f"Known frames of a head must have shape (frames, 3). Got {known.values.shape}.")
    if known is not None:
        options = replace(options, known=KnownFrames((known.values - HEAD_MEAN) / HEAD_DEVIATION, known.mask))
    on_standardised = on_step and (lambda step, values: on_step(step, values * HEAD_DEVIATION + HEAD_MEAN))
    values = sample_standardised_head(model, audio_features, options, report, on_standardised)
    values = values * HEAD_DEVIATION + HEAD_MEAN
    return values if known is None else np.where(known.mask[:, None], known.values, values).astype(np.float32)


def sample_standardised_head(
    model: HeadModel,
    audio_features: Float32Array,
    options: SamplingOptions = DEFAULT_OPTIONS,
    report: ProgressCallback = lambda done: None,
    on_step: StepCallback | None = None,
) -> Float32Array:
    """Sample as sample_head, with known frames and result (T, 3) standardised by HEAD_MEAN and HEAD_DEVIATION."""
    network = model.network
    audio_features, rows = pad_to_stride(audio_features, network.config), len(audio_features)
    with torch.inference_mode():
        denoise = step_denoiser(model, audio_features, options.style, 1.0)
        inpaint = make_array_inpainter(options.known, network, len(audio_features))
        mask = mask_channel(options.known, network, len(audio_features))
        draw = (options.noise if callable(options.noise) else seeded_noise(model.diffusion, options.noise))()

        def draw_noise() -> Float32Array:
            return draw((1, len(audio_features), network.config.outputs))[0]

        steps = select_sampler(Schedule(model.diffusion), options.steps)
        xt = inpaint(draw_noise())
        for done, step in enumerate(steps.steps, start=1):
            embedded = network.embed_motion(torch.from_numpy(np.concatenate([xt, mask], 1))[None].to(network.device))
            hidden = denoise(embedded[0].T.contiguous().cpu().numpy(), steps.table_row(step))
            x0 = inpaint(network.output_from_hidden(torch.from_numpy(hidden).to(network.device)).cpu().numpy())
            xt = inpaint(steps.previous_sample(x0, xt, step, draw_noise))
            if on_step:
                on_step(step, x0[:rows])
            report(done / len(steps.steps))
        return xt[:rows]


def _projected_noise(
    projection: Projection, model: FaceModel, rows: int, options: SamplingOptions
) -> tuple[Float32Array, Callable[[], Float32Array]]:
    """Return x_T (rows, ch) in the projected space, and draws of the steps' noise."""
    noise = options.noise
    source = noise if callable(noise) else seeded_noise(model.diffusion, noise)
    draw_noise = exact_noise(projection, source(), rows)
    xt = draw_noise()
    if not callable(noise) and options.steps is None:
        draw_noise = normal_noise(projection, model, rows, noise) or draw_noise
    return xt, draw_noise


def _frame_noise(noise: int | NoiseSource, model: FaceModel | HeadModel, rows: int) -> Callable[[], Tensor]:
    """Return draws of whole frames (1, rows, C) on the network's device."""
    draw = (noise if callable(noise) else seeded_noise(model.diffusion, noise))()
    shape = (1, rows, model.network.config.outputs)
    return lambda: torch.from_numpy(draw(shape)).to(model.network.device)
