"""The samplers of 3DiFACE: noise -> face displacement or head rotation, free or through what is given.

`heard` is the speech as the face network hears it, one row a frame, any number of them: rows are added at the end
until the network can halve them, and taken away again, so that no frame of the sound is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..errors import ModelError
from ..types import BoolArray, Float32Array
from .checkpoint import FaceModel, HeadModel
from .diffusion import NoiseSource, Schedule, seeded_noise
from .dpm_solver import select_sampler
from .networks import Network, PrecomputedSpeech
from .options import NetworkConfig
from .projection import ClampedError, Projection, exact_noise, normal_noise

HEAD_MEAN = np.array([-0.05855013, -0.0028288, -0.01964026], np.float32)
HEAD_DEVIATION = np.array([0.11084834, 0.10225139, 0.08779355], np.float32)
"""Of the neck's rotation vector in the training data: the head's network sees it standardised."""

ROUNDING_SENSITIVE_NORMS = ("instance", "instancefalse", "group")
"""Norms that divide a channel, or the few of a group, by its own spread, be it nothing but rounding: what is computed
in another order, equal but for rounding, may then come out elsewhere, as any other noise does."""

ProgressCallback = Callable[[float], None]
"""Told how much is done, 0 to 1; may raise to stop."""

StepCallback = Callable[[int, Float32Array], None]
"""Told what the result would be (T, C) if a diffusion step were the last."""

TensorMap = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class KnownFrames:
    """What is given: where `keep` (T,) is True the frame is that of `values` (T, C), exactly."""

    values: Float32Array
    mask: BoolArray

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.mask.shape != self.values.shape[:1]:
            raise ValueError(f"values (T, C) and keep (T,) must fit. Got {self.values.shape}, {self.mask.shape}.")


def sample_face(
    model: FaceModel,
    audio_features: Float32Array,
    style: int | Float32Array = 0,
    noise: int | NoiseSource = 0,
    guidance: float = 0.5,
    known: KnownFrames | None = None,
    steps: int | None = None,
    report: ProgressCallback = lambda done: None,
    on_step: StepCallback | None = None,
) -> Float32Array:
    """What a face model gives (T, 15069) for `heard` (T, ch): displacement in metres, or the vertices themselves where
    diffusion.displacement is False.

    style: which of the trained speakers, or a weight for each (styles,). guidance: 0 ignores the speech, 1 is none.
    noise: a seed; or the noise itself, drawn as x_T (1, T, 15069) and then once a step, to get what the original gets.
    kept: given frames. steps: of DPM-Solver++; None is the model's own sampler.
    Computed in `projected`'s space, or where that cannot be, or would not give what the original gives, by
    sample_whole_face. Raises ModelError for a style that
    the model does not have, and for the speech features of another model.
    """

    def shown(step: int, thought: Float32Array) -> None:
        assert on_step is not None
        on_step(
            step, model.network.output_from_hidden(torch.from_numpy(thought).to(model.network.device)).cpu().numpy()
        )

    if callable(noise) and model.network.config.norm in ROUNDING_SENSITIVE_NORMS:
        return sample_all_vertices(model, audio_features, style, noise, guidance, known, steps, report)
    try:
        thought = sample_hidden(model, audio_features, style, noise, guidance, known, steps, report, on_step and shown)
    except ClampedError:
        return sample_all_vertices(model, audio_features, style, noise, guidance, known, steps, report, on_step)
    with torch.inference_mode():
        motion = model.network.output_from_hidden(torch.from_numpy(thought).to(model.network.device)).cpu().numpy()
    return motion if known is None else np.where(known.mask[:, None], _clamp_known(known, model).values, motion)


def sample_hidden(
    model: FaceModel,
    audio_features: Float32Array,
    style: int | Float32Array = 0,
    noise: int | NoiseSource = 0,
    guidance: float = 0.5,
    known: KnownFrames | None = None,
    steps: int | None = None,
    report: ProgressCallback = lambda done: None,
    on_step: StepCallback | None = None,
) -> Float32Array:
    """What the network's last layer makes the result of sample_face from (T, ch), but for the given frames.

    For a seed the noise of the steps is drawn by its distribution, not vertex by vertex, where that is normal enough.
    Raises ClampedError where only sample_whole_face will do.
    """
    network, schedule = model.network, Schedule(model.diffusion)
    audio_features, rows = pad_to_stride(audio_features, network.config), len(audio_features)
    with torch.inference_mode():
        if network.output_layer is None:
            raise ClampedError
        projection = Projection(network)
        think, mix = guided_denoiser(network, audio_features, style, guidance, approximate=True)
        given = _make_inpainter(
            None if known is None else _clamp_known(known, model), network, len(audio_features), projection.project
        )
        first = noise if callable(noise) else seeded_noise(model.diffusion, noise)
        fresh = exact_noise(projection, first(), len(audio_features))
        xt = fresh()
        if not callable(noise) and steps is None:
            fresh = normal_noise(projection, model, len(audio_features), noise) or fresh

        walk = select_sampler(schedule, steps)
        thought = xt
        for done, step in enumerate(walk.steps, start=1):
            seen = (xt + projection.offset).transpose(1, 2)
            thought = mix(think(seen, walk.step_index(step, network.device)))
            if model.diffusion.clamp:
                projection.check_clamp(thought)
            xt = walk.previous_sample(given(projection.project_hidden(thought)), xt, step, fresh)
            if on_step:
                on_step(step, thought[0, :rows].cpu().numpy())
            report(done / len(walk.steps))
        return thought[0, :rows].cpu().numpy()


def sample_all_vertices(
    model: FaceModel,
    audio_features: Float32Array,
    style: int | Float32Array = 0,
    noise: int | NoiseSource = 0,
    guidance: float = 0.5,
    known: KnownFrames | None = None,
    steps: int | None = None,
    report: ProgressCallback = lambda done: None,
    on_step: StepCallback | None = None,
) -> Float32Array:
    """sample_face as the original computes it: all vertices in every step, and every value of the noise drawn."""
    network = model.network
    audio_features, rows = pad_to_stride(audio_features, network.config), len(audio_features)
    with torch.inference_mode():
        think, mix = guided_denoiser(network, audio_features, style, guidance)
        given = _make_inpainter(known, network, len(audio_features))
        fresh = _frame_noise(noise, model, len(audio_features))

        walk = select_sampler(Schedule(model.diffusion), steps)
        xt = fresh()
        for done, step in enumerate(walk.steps, start=1):
            x0 = given(
                mix(network.output_from_hidden(think(network.embed_motion(xt), walk.step_index(step, network.device))))
            )
            xt = walk.previous_sample(x0.clamp(-1, 1) if model.diffusion.clamp else x0, xt, step, fresh)
            if on_step:
                on_step(step, x0[0, :rows].cpu().numpy())
            report(done / len(walk.steps))
        return xt[0, :rows].cpu().numpy()


def sample_head(
    model: HeadModel,
    audio_features: Float32Array,
    noise: int | NoiseSource = 0,
    known: KnownFrames | None = None,
    steps: int | None = None,
    style: int | Float32Array = 0,
    report: ProgressCallback = lambda done: None,
    on_step: StepCallback | None = None,
) -> Float32Array:
    """Rotation vectors of the neck (T, 3), radians, for `heard` (T, ch) of the general face model.

    kept: rotation vectors that are given. Other arguments are those of sample_face; a draw of noise is (1, T, 3).
    """
    if known is not None and known.values.shape[1] != 3:
        raise ValueError(f"kept values must have shape (frames, 3). Got {known.values.shape}.")

    def turned(step: int, values: Float32Array) -> None:
        assert on_step is not None
        on_step(step, values * HEAD_DEVIATION + HEAD_MEAN)

    given = None if known is None else KnownFrames((known.values - HEAD_MEAN) / HEAD_DEVIATION, known.mask)
    values = sample_standardised_head(model, audio_features, noise, given, steps, style, report, on_step and turned)
    values = values * HEAD_DEVIATION + HEAD_MEAN
    return values if known is None else np.where(known.mask[:, None], known.values, values).astype(np.float32)


def sample_standardised_head(
    model: HeadModel,
    audio_features: Float32Array,
    noise: int | NoiseSource = 0,
    known: KnownFrames | None = None,
    steps: int | None = None,
    style: int | Float32Array = 0,
    report: ProgressCallback = lambda done: None,
    on_step: StepCallback | None = None,
) -> Float32Array:
    """The same with every value standardised, given and found (T, 3)."""
    network = model.network
    audio_features, rows = pad_to_stride(audio_features, network.config), len(audio_features)
    with torch.inference_mode():
        think, mix = guided_denoiser(network, audio_features, style, 1.0)
        given, flag = (
            _make_inpainter(known, network, len(audio_features)),
            _mask_channel(known, network, len(audio_features)),
        )
        fresh = _frame_noise(noise, model, len(audio_features))

        walk = select_sampler(Schedule(model.diffusion), steps)
        xt = given(fresh())
        for done, step in enumerate(walk.steps, start=1):
            seen = network.embed_motion(torch.cat([xt, flag], -1))
            x0 = given(mix(network.output_from_hidden(think(seen, walk.step_index(step, network.device)))))
            xt = given(walk.previous_sample(x0, xt, step, fresh))
            if on_step:
                on_step(step, x0[0, :rows].cpu().numpy())
            report(done / len(walk.steps))
        return xt[0, :rows].cpu().numpy()


def guided_denoiser(
    network: Network,
    audio_features: Float32Array,
    style: int | Float32Array,
    guidance: float,
    approximate: bool = False,
) -> tuple[Callable[[Tensor, Tensor], Tensor], TensorMap]:
    """Classifier-free guidance (Ho & Salimans 2022) towards `heard` (T, ch), in two: what the network thinks with and
    without it, seen (1, ch, T) and step (1,) -> (B, T, ch); and what makes one of both, (B, ...) -> (1, ...).

    quick: within rounding of the original, not to the last bit.
    """
    speech = torch.from_numpy(audio_features).to(network.device)
    both = torch.stack([speech, torch.zeros_like(speech)])
    needed = both[:1] if guidance == 1 else both[1:] if guidance == 0 else both
    # The original computes one after the other, and convolutions of two at once round in another way.
    parts = (
        [network.speech_per_layer(needed, PrecomputedSpeech)]
        if approximate
        else [network.speech_per_layer(one[None]) for one in needed]
    )
    size = len(needed) if approximate else 1
    speaker = style_vector(network, style)

    def think(seen: Tensor, t: Tensor) -> Tensor:
        return torch.cat([network.run_hidden_layers(seen.expand(size, -1, -1), t, part, speaker) for part in parts])

    def mix(values: Tensor) -> Tensor:
        return values if len(values) == 1 else values[1:] + guidance * (values[:1] - values[1:])

    return think, mix


def style_vector(network: Network, style: int | Float32Array) -> Tensor | None:
    """The style (1, styles). Raises ModelError for one that the model does not have."""
    count = network.config.styles
    if not count:
        return None
    weights = style if isinstance(style, np.ndarray) else np.arange(count) == style
    if weights.shape != (count,) or not weights.any():
        which = f"Got {style}." if not isinstance(style, np.ndarray) else f"Got weights of shape {style.shape}."
        raise ModelError(f"The model has the styles 0 to {count - 1}. {which}", "Choose one of them.")
    return torch.from_numpy(weights.astype(np.float32))[None].to(network.device)


def pad_to_stride(audio_features: Float32Array, config: NetworkConfig) -> Float32Array:
    """`heard` (T, ch) followed by its last row, until a network can halve its length.

    Raises ValueError for no rows, and ModelError where the listener's width is another.
    """
    if audio_features.ndim != 2 or not len(audio_features):
        raise ValueError(f"heard must have shape (frames, {config.width}). Got {audio_features.shape}.")
    if audio_features.shape[1] != config.width:
        raise ModelError(
            f"The {config.part} model hears {config.width} values a frame, but its listener gives {audio_features.shape[1]}.",
            "Choose as listener the general face model that the model was trained with.",
        )
    # Some layers look at two rows at least.
    least = 2 if config.padding == "reflect" or config.norm == "instance" else 1
    rows = max(least, -(-len(audio_features) // config.stride)) * config.stride
    return np.concatenate([audio_features, np.repeat(audio_features[-1:], rows - len(audio_features), 0)]).astype(
        np.float32
    )


def _frame_noise(noise: int | NoiseSource, model: FaceModel | HeadModel, rows: int) -> Callable[[], Tensor]:
    """Draws of whole frames (1, rows, C), on the network's device."""
    draw = (noise if callable(noise) else seeded_noise(model.diffusion, noise))()
    shape = (1, rows, model.network.config.outputs)
    return lambda: torch.from_numpy(draw(shape)).to(model.network.device)


def _clamp_known(known: KnownFrames, model: FaceModel) -> KnownFrames:
    """What is given, as it comes out: a model that clamps x0 clamps that too."""
    return KnownFrames(np.clip(known.values, -1, 1), known.mask) if model.diffusion.clamp else known


def _make_inpainter(
    known: KnownFrames | None, network: Network, rows: int, project: TensorMap = lambda x: x
) -> TensorMap:
    """What puts the given frames in their places in any (1, rows, C), or projected (1, rows, .).

    Raises ValueError for frames of another size, or for more.
    """
    if known is None:
        return lambda x: x
    if len(known.mask) > rows or known.values.shape[1] != network.config.outputs:
        raise ValueError(f"kept must have at most {rows} rows of {network.config.outputs}. Got {known.values.shape}.")
    more = rows - len(known.mask)
    keep = torch.from_numpy(np.pad(known.mask, (0, more)))[None, :, None].to(network.device)
    frames = torch.from_numpy(np.pad(known.values, ((0, more), (0, 0))).astype(np.float32))
    values = project(frames.to(network.device))[None]
    return lambda x: torch.where(keep, values, x)


def _mask_channel(known: KnownFrames | None, network: Network, rows: int) -> Tensor:
    """1 on frames that are given (1, rows, 1); without columns where the network knows no flag."""
    flag = torch.zeros(1, rows, 1 if network.config.has_mask_channel else 0)
    if known is not None:
        flag[0, : len(known.mask)] = torch.from_numpy(known.mask).float()[:, None]
    return flag.to(network.device)
