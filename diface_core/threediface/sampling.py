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
from ..types import BoolArray, FloatArray
from .checkpoint import FaceModel, HeadModel
from .diffusion import Noise, Schedule, drawn
from .networks import Echo, Network
from .options import NetworkConfig
from .projected import ClampedError, Projection, exact_noise, normal_noise
from .solver import method

HEAD_MEAN = np.array([-0.05855013, -0.0028288, -0.01964026], np.float32)
HEAD_DEVIATION = np.array([0.11084834, 0.10225139, 0.08779355], np.float32)
"""Of the neck's rotation vector in the training data: the head's network sees it standardised."""

SENSITIVE = ("instance", "instancefalse", "group")
"""Norms that divide a channel, or the few of a group, by its own spread, be it nothing but rounding: what is computed
in another order, equal but for rounding, may then come out elsewhere, as any other noise does."""

Fraction = Callable[[float], None]
"""Told how much is done, 0 to 1; may raise to stop."""

Watch = Callable[[int, FloatArray], None]
"""Told what the result would be (T, C) if a diffusion step were the last."""

Map = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Kept:
    """What is given: where `keep` (T,) is True the frame is that of `values` (T, C), exactly."""

    values: FloatArray
    keep: BoolArray

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.keep.shape != self.values.shape[:1]:
            raise ValueError(f"values (T, C) and keep (T,) must fit. Got {self.values.shape}, {self.keep.shape}.")


def sample_face(
    model: FaceModel,
    heard: FloatArray,
    style: int | FloatArray = 0,
    noise: int | Noise = 0,
    guidance: float = 0.5,
    kept: Kept | None = None,
    steps: int | None = None,
    report: Fraction = lambda done: None,
    watch: Watch | None = None,
) -> FloatArray:
    """What a face model gives (T, 15069) for `heard` (T, ch): displacement in metres, or the vertices themselves where
    diffusion.displacement is False.

    style: which of the trained speakers, or a weight for each (styles,). guidance: 0 ignores the speech, 1 is none.
    noise: a seed; or the noise itself, drawn as x_T (1, T, 15069) and then once a step, to get what the original gets.
    kept: given frames. steps: of DPM-Solver++; None is the model's own sampler.
    Computed in `projected`'s space, or where that cannot be, or would not give what the original gives, by
    sample_whole_face. Raises ModelError for a style that
    the model does not have, and for the speech features of another model.
    """

    def shown(step: int, thought: FloatArray) -> None:
        assert watch is not None
        watch(step, model.network.show(torch.from_numpy(thought).to(model.network.device)).cpu().numpy())

    if callable(noise) and model.network.config.norm in SENSITIVE:
        return sample_whole_face(model, heard, style, noise, guidance, kept, steps, report)
    try:
        thought = sample_thought(model, heard, style, noise, guidance, kept, steps, report, watch and shown)
    except ClampedError:
        return sample_whole_face(model, heard, style, noise, guidance, kept, steps, report, watch)
    with torch.inference_mode():
        motion = model.network.show(torch.from_numpy(thought).to(model.network.device)).cpu().numpy()
    return motion if kept is None else np.where(kept.keep[:, None], _clamped(kept, model).values, motion)


def sample_thought(
    model: FaceModel,
    heard: FloatArray,
    style: int | FloatArray = 0,
    noise: int | Noise = 0,
    guidance: float = 0.5,
    kept: Kept | None = None,
    steps: int | None = None,
    report: Fraction = lambda done: None,
    watch: Watch | None = None,
) -> FloatArray:
    """What the network's last layer makes the result of sample_face from (T, ch), but for the given frames.

    For a seed the noise of the steps is drawn by its distribution, not vertex by vertex, where that is normal enough.
    Raises ClampedError where only sample_whole_face will do.
    """
    network, schedule = model.network, Schedule(model.diffusion)
    heard, rows = padded(heard, network.config), len(heard)
    with torch.inference_mode():
        if network.last_map is None:
            raise ClampedError
        projection = Projection(network)
        think, mix = guided(network, heard, style, guidance, quick=True)
        given = _given(None if kept is None else _clamped(kept, model), network, len(heard), projection.of)
        first = noise if callable(noise) else drawn(model.diffusion, noise)
        fresh = exact_noise(projection, first(), len(heard))
        xt = fresh()
        if not callable(noise) and steps is None:
            fresh = normal_noise(projection, model, len(heard), noise) or fresh

        walk = method(schedule, steps)
        thought = xt
        for done, step in enumerate(walk.steps, start=1):
            seen = (xt + projection.offset).transpose(1, 2)
            thought = mix(think(seen, walk.told(step, network.device)))
            if model.diffusion.clamp:
                projection.check(thought)
            xt = walk.before(given(projection.of_shown(thought)), xt, step, fresh)
            if watch:
                watch(step, thought[0, :rows].cpu().numpy())
            report(done / len(walk.steps))
        return thought[0, :rows].cpu().numpy()


def sample_whole_face(
    model: FaceModel,
    heard: FloatArray,
    style: int | FloatArray = 0,
    noise: int | Noise = 0,
    guidance: float = 0.5,
    kept: Kept | None = None,
    steps: int | None = None,
    report: Fraction = lambda done: None,
    watch: Watch | None = None,
) -> FloatArray:
    """sample_face as the original computes it: all vertices in every step, and every value of the noise drawn."""
    network = model.network
    heard, rows = padded(heard, network.config), len(heard)
    with torch.inference_mode():
        think, mix = guided(network, heard, style, guidance)
        given = _given(kept, network, len(heard))
        fresh = _frames(noise, model, len(heard))

        walk = method(Schedule(model.diffusion), steps)
        xt = fresh()
        for done, step in enumerate(walk.steps, start=1):
            x0 = given(mix(network.show(think(network.see(xt), walk.told(step, network.device)))))
            xt = walk.before(x0.clamp(-1, 1) if model.diffusion.clamp else x0, xt, step, fresh)
            if watch:
                watch(step, x0[0, :rows].cpu().numpy())
            report(done / len(walk.steps))
        return xt[0, :rows].cpu().numpy()


def sample_head(
    model: HeadModel,
    heard: FloatArray,
    noise: int | Noise = 0,
    kept: Kept | None = None,
    steps: int | None = None,
    style: int | FloatArray = 0,
    report: Fraction = lambda done: None,
    watch: Watch | None = None,
) -> FloatArray:
    """Rotation vectors of the neck (T, 3), radians, for `heard` (T, ch) of the general face model.

    kept: rotation vectors that are given. Other arguments are those of sample_face; a draw of noise is (1, T, 3).
    """
    if kept is not None and kept.values.shape[1] != 3:
        raise ValueError(f"kept values must have shape (frames, 3). Got {kept.values.shape}.")

    def turned(step: int, values: FloatArray) -> None:
        assert watch is not None
        watch(step, values * HEAD_DEVIATION + HEAD_MEAN)

    given = None if kept is None else Kept((kept.values - HEAD_MEAN) / HEAD_DEVIATION, kept.keep)
    values = sample_standard_head(model, heard, noise, given, steps, style, report, watch and turned)
    values = values * HEAD_DEVIATION + HEAD_MEAN
    return values if kept is None else np.where(kept.keep[:, None], kept.values, values).astype(np.float32)


def sample_standard_head(
    model: HeadModel,
    heard: FloatArray,
    noise: int | Noise = 0,
    kept: Kept | None = None,
    steps: int | None = None,
    style: int | FloatArray = 0,
    report: Fraction = lambda done: None,
    watch: Watch | None = None,
) -> FloatArray:
    """The same with every value standardised, given and found (T, 3)."""
    network = model.network
    heard, rows = padded(heard, network.config), len(heard)
    with torch.inference_mode():
        think, mix = guided(network, heard, style, 1.0)
        given, flag = _given(kept, network, len(heard)), _flag(kept, network, len(heard))
        fresh = _frames(noise, model, len(heard))

        walk = method(Schedule(model.diffusion), steps)
        xt = given(fresh())
        for done, step in enumerate(walk.steps, start=1):
            seen = network.see(torch.cat([xt, flag], -1))
            x0 = given(mix(network.show(think(seen, walk.told(step, network.device)))))
            xt = given(walk.before(x0, xt, step, fresh))
            if watch:
                watch(step, x0[0, :rows].cpu().numpy())
            report(done / len(walk.steps))
        return xt[0, :rows].cpu().numpy()


def guided(
    network: Network, heard: FloatArray, style: int | FloatArray, guidance: float, quick: bool = False
) -> tuple[Callable[[Tensor, Tensor], Tensor], Map]:
    """Classifier-free guidance (Ho & Salimans 2022) towards `heard` (T, ch), in two: what the network thinks with and
    without it, seen (1, ch, T) and step (1,) -> (B, T, ch); and what makes one of both, (B, ...) -> (1, ...).

    quick: within rounding of the original, not to the last bit.
    """
    speech = torch.from_numpy(heard).to(network.device)
    both = torch.stack([speech, torch.zeros_like(speech)])
    needed = both[:1] if guidance == 1 else both[1:] if guidance == 0 else both
    # The original computes one after the other, and convolutions of two at once round in another way.
    parts = [network.listen(needed, Echo)] if quick else [network.listen(one[None]) for one in needed]
    size = len(needed) if quick else 1
    speaker = style_of(network, style)

    def think(seen: Tensor, t: Tensor) -> Tensor:
        return torch.cat([network.think(seen.expand(size, -1, -1), t, part, speaker) for part in parts])

    def mix(values: Tensor) -> Tensor:
        return values if len(values) == 1 else values[1:] + guidance * (values[:1] - values[1:])

    return think, mix


def style_of(network: Network, style: int | FloatArray) -> Tensor | None:
    """The style (1, styles). Raises ModelError for one that the model does not have."""
    count = network.config.styles
    if not count:
        return None
    weights = style if isinstance(style, np.ndarray) else np.arange(count) == style
    if weights.shape != (count,) or not weights.any():
        which = f"Got {style}." if not isinstance(style, np.ndarray) else f"Got weights of shape {style.shape}."
        raise ModelError(f"The model has the styles 0 to {count - 1}. {which}", "Choose one of them.")
    return torch.from_numpy(weights.astype(np.float32))[None].to(network.device)


def padded(heard: FloatArray, config: NetworkConfig) -> FloatArray:
    """`heard` (T, ch) followed by its last row, until a network can halve its length.

    Raises ValueError for no rows, and ModelError where the listener's width is another.
    """
    if heard.ndim != 2 or not len(heard):
        raise ValueError(f"heard must have shape (frames, {config.width}). Got {heard.shape}.")
    if heard.shape[1] != config.width:
        raise ModelError(
            f"The {config.part} model hears {config.width} values a frame, but its listener gives {heard.shape[1]}.",
            "Choose as listener the general face model that the model was trained with.",
        )
    # Some layers look at two rows at least.
    least = 2 if config.padding == "reflect" or config.norm == "instance" else 1
    rows = max(least, -(-len(heard) // config.stride)) * config.stride
    return np.concatenate([heard, np.repeat(heard[-1:], rows - len(heard), 0)]).astype(np.float32)


def _frames(noise: int | Noise, model: FaceModel | HeadModel, rows: int) -> Callable[[], Tensor]:
    """Draws of whole frames (1, rows, C), on the network's device."""
    draw = (noise if callable(noise) else drawn(model.diffusion, noise))()
    shape = (1, rows, model.network.config.outputs)
    return lambda: torch.from_numpy(draw(shape)).to(model.network.device)


def _clamped(kept: Kept, model: FaceModel) -> Kept:
    """What is given, as it comes out: a model that clamps x0 clamps that too."""
    return Kept(np.clip(kept.values, -1, 1), kept.keep) if model.diffusion.clamp else kept


def _given(kept: Kept | None, network: Network, rows: int, project: Map = lambda x: x) -> Map:
    """What puts the given frames in their places in any (1, rows, C), or projected (1, rows, .).

    Raises ValueError for frames of another size, or for more.
    """
    if kept is None:
        return lambda x: x
    if len(kept.keep) > rows or kept.values.shape[1] != network.config.outputs:
        raise ValueError(f"kept must have at most {rows} rows of {network.config.outputs}. Got {kept.values.shape}.")
    more = rows - len(kept.keep)
    keep = torch.from_numpy(np.pad(kept.keep, (0, more)))[None, :, None].to(network.device)
    frames = torch.from_numpy(np.pad(kept.values, ((0, more), (0, 0))).astype(np.float32))
    values = project(frames.to(network.device))[None]
    return lambda x: torch.where(keep, values, x)


def _flag(kept: Kept | None, network: Network, rows: int) -> Tensor:
    """1 on frames that are given (1, rows, 1); without columns where the network knows no flag."""
    flag = torch.zeros(1, rows, 1 if network.config.flagged else 0)
    if kept is not None:
        flag[0, : len(kept.keep)] = torch.from_numpy(kept.keep).float()[:, None]
    return flag.to(network.device)
