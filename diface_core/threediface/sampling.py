"""The samplers of 3DiFACE: noise -> face displacement or head rotation, free or through what is given.

`heard` is the speech as the face network hears it, one row a frame, any number of them: rows are added at the end
until the network can halve them, and taken away again, so that no frame of the sound is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..errors import ModelError
from ..types import BoolArray, FloatArray
from .checkpoint import FaceModel, HeadModel
from .diffusion import Noise, Schedule, seeded
from .networks import Network
from .options import NetworkConfig

HEAD_MEAN = np.array([-0.05855013, -0.0028288, -0.01964026], np.float32)
HEAD_DEVIATION = np.array([0.11084834, 0.10225139, 0.08779355], np.float32)
"""Of the neck's rotation vector in the training data: the head's network sees it standardised."""

Fraction = Callable[[float], None]
"""Told how much is done, 0 to 1; may raise to stop."""


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
    report: Fraction = lambda done: None,
) -> FloatArray:
    """What the diffusion of a face gives (T, 15069) for `heard` (T, ch): displacement in metres, or the vertices
    themselves where diffusion.displacement is False.

    style: which of the trained speakers, or a weight for each (styles,). noise: a seed, or where the noise comes from:
    first x_T (1, T, 15069), then one draw a step. guidance: 0 ignores the speech, 1 is none.
    """
    network, schedule = model.network, Schedule(model.diffusion)
    heard, rows = padded(heard, network.config), len(heard)
    kept = check(kept, rows, network.config.outputs, len(heard))
    draw = drawer(noise, model, (1, len(heard), network.config.outputs))

    with torch.inference_mode():
        denoise = guided(network, torch.from_numpy(heard).to(network.device), style_of(network, style), guidance)
        given = given_of(kept, network)
        xt = draw()
        for step in counted(schedule, report):
            x0 = given(denoise(xt, schedule.told(step, network.device)))
            xt = schedule.before(x0.clamp(-1, 1) if model.diffusion.clamp else x0, xt, draw(), step)
        return xt[0, :rows].cpu().numpy()


def sample_head(
    model: HeadModel,
    heard: FloatArray,
    noise: int | Noise = 0,
    kept: Kept | None = None,
    style: int | FloatArray = 0,
    report: Fraction = lambda done: None,
) -> FloatArray:
    """Rotation vectors of the neck (T, 3), radians, for `heard` (T, ch) of the general face model.

    kept: rotation vectors that are given. Other arguments are those of sample_face; a draw of noise is (1, T, 3).
    """
    given = None if kept is None else Kept((kept.values - HEAD_MEAN) / HEAD_DEVIATION, kept.keep)
    values = sample_standard_head(model, heard, noise, given, style, report) * HEAD_DEVIATION + HEAD_MEAN
    return values if kept is None else np.where(kept.keep[:, None], kept.values, values).astype(np.float32)


def sample_standard_head(
    model: HeadModel,
    heard: FloatArray,
    noise: int | Noise = 0,
    kept: Kept | None = None,
    style: int | FloatArray = 0,
    report: Fraction = lambda done: None,
) -> FloatArray:
    """The same with every value standardised, given and found (T, 3)."""
    network, schedule = model.network, Schedule(model.diffusion)
    heard, rows = padded(heard, network.config), len(heard)
    kept = check(kept, rows, 3, len(heard))
    draw = drawer(noise, model, (1, len(heard), 3))

    with torch.inference_mode():
        speech = network.by_level(torch.from_numpy(heard)[None].to(network.device))
        own, given, flag = style_of(network, style), given_of(kept, network), _flag(kept, len(heard), network)
        xt = given(draw())
        for step in counted(schedule, report):
            seen = network.see(torch.cat([xt, flag], -1))
            x0 = given(network.decoder.out_embed(network.think(seen, schedule.told(step, network.device), speech, own)))
            xt = given(schedule.before(x0, xt, draw(), step))
        return xt[0, :rows].cpu().numpy()


def guided(
    network: Network, heard: Tensor, style: Tensor | None, guidance: float
) -> Callable[[Tensor, Tensor], Tensor]:
    """(xt (1, T, C), step) -> x0, with classifier-free guidance (Ho & Salimans 2022) towards `heard` (T, ch)."""
    both = torch.stack([heard, torch.zeros_like(heard)])
    speech = network.by_level(both if guidance != 1 else both[:1])

    def denoise(xt: Tensor, t: Tensor) -> Tensor:
        seen = network.see(xt)
        told = network.think(seen.expand(len(speech[0]), -1, -1), t, speech, style)
        x0 = network.decoder.out_embed(told)
        return x0 if len(x0) == 1 else x0[1:] + guidance * (x0[:1] - x0[1:])

    return denoise


def drawer(noise: int | Noise, model: FaceModel | HeadModel, shape: tuple[int, ...]) -> Callable[[], Tensor]:
    """Draws of one shape, on the network's device."""
    source = noise if callable(noise) else seeded(model.diffusion, noise)
    return lambda: torch.from_numpy(source(shape)).to(model.network.device)


def given_of(kept: Kept | None, network: Network) -> Callable[[Tensor], Tensor]:
    """What puts the given frames in their places, in any (1, T, C)."""
    if kept is None:
        return lambda x: x
    keep = torch.from_numpy(kept.keep)[None, :, None].to(network.device)
    values = torch.from_numpy(kept.values.astype(np.float32))[None].to(network.device)
    return lambda x: torch.where(keep, values, x)


def _flag(kept: Kept | None, rows: int, network: Network) -> Tensor:
    """1 on frames that are given (1, T, 1); without columns where the network knows no flag."""
    given = np.zeros(rows, bool) if kept is None else kept.keep
    flag = torch.from_numpy(given.astype(np.float32))[None, :, None].to(network.device)
    return flag if network.config.flagged else flag[..., :0]


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


def check(kept: Kept | None, rows: int, columns: int, length: int) -> Kept | None:
    """The same for `length` rows, of which those after `rows` are free. Raises ValueError for another shape."""
    if kept is None or not kept.keep.any():
        return None
    if kept.values.shape != (rows, columns):
        raise ValueError(f"kept values must have shape {(rows, columns)}. Got {kept.values.shape}.")
    more = length - rows
    return Kept(np.pad(kept.values, ((0, more), (0, 0))), np.pad(kept.keep, (0, more)))


def style_of(network: Network, style: int | FloatArray) -> Tensor | None:
    """The style (1, styles). Raises ModelError for one that the model does not have."""
    count = network.config.styles
    if not count:
        return None
    if not isinstance(style, np.ndarray):
        if not 0 <= style < count:
            raise ModelError(f"The model has styles 0 to {count - 1}. Got {style}.", "Choose one of them.")
        style = np.eye(count, dtype=np.float32)[style]
    if style.shape != (count,):
        raise ModelError(f"The model has {count} styles. Got weights of shape {style.shape}.", "Give one weight each.")
    return torch.from_numpy(style.astype(np.float32))[None].to(network.device)


def counted(schedule: Schedule, report: Fraction) -> Iterator[int]:
    """The steps, last to first, each reported when it is done."""
    for step in reversed(range(len(schedule))):
        yield step
        report(1 - step / len(schedule))
