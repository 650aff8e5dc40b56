"""The diffusion of 3DiFACE's networks (Ho et al. 2020; cosine: Nichol & Dhariwal 2021), and its noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..types import FloatArray
from .options import DiffusionConfig

Noise = Callable[[tuple[int, ...]], FloatArray]
"""Draws noise of a shape, float32, one draw after the other."""

Float64 = npt.NDArray[np.float64]


class Schedule:
    """How much noise there is at each of `steps` steps, and the posterior of the step before; tables in float64.

    alpha_bar (steps,): how much of x0's variance is left. The posterior's mean is `of_x0` x0 + `of_xt` xt, its standard
    deviation `deviation`; at step 0 that of step 1 (it is never used).
    """

    def __init__(self, config: DiffusionConfig) -> None:
        self.config = config
        betas = _betas(config)
        self.alpha_bar = np.cumprod(1 - betas)
        before = np.append(1.0, self.alpha_bar[:-1])
        variance = betas * (1 - before) / (1 - self.alpha_bar)
        self.of_x0 = betas * np.sqrt(before) / (1 - self.alpha_bar)
        self.of_xt = (1 - before) * np.sqrt(1 - betas) / (1 - self.alpha_bar)
        self.deviation = np.sqrt(np.append(variance[1:2], variance[1:]) if len(betas) > 1 else np.zeros(1))

    def __len__(self) -> int:
        return len(self.alpha_bar)

    def told(self, step: float, device: torch.device) -> Tensor:
        """The step (1,) as the network is told it: a row of its table."""
        scale = 1000 / len(self) if self.config.rescale else 1.0
        return torch.tensor([int(step * scale)], device=device)

    def before(self, x0: Tensor, xt: Tensor, noise: Tensor, step: int) -> Tensor:
        """x_{t-1} from the predicted x0, x_t and a fresh noise, all of one shape; at step 0 the noise is not used."""
        mean = float(self.of_x0[step]) * x0 + float(self.of_xt[step]) * xt
        return mean + float(self.deviation[step]) * noise if step else mean


def _betas(config: DiffusionConfig) -> Float64:
    if config.schedule == "linear":
        scale = config.scale_beta * 1000 / config.steps
        return np.linspace(scale * 1e-4, scale * 2e-2, config.steps, dtype=np.float64)

    def left(share: float) -> float:
        return np.cos((share + 0.008) / 1.008 * np.pi / 2) ** 2

    count = config.steps
    return np.array([min(1 - left((i + 1) / count) / left(i / count), 0.999) for i in range(count)])


def seeded(config: DiffusionConfig, seed: int | np.random.Generator) -> Noise:
    """The noise that the diffusion is made of, the same for the same seed on every machine."""
    rng = np.random.default_rng(seed)
    scale = np.float32(config.noise_scale)

    def draw(shape: tuple[int, ...]) -> FloatArray:
        if config.noise == "none":
            return np.zeros(shape, np.float32)
        uniform = rng.random(shape, dtype=np.float32)
        return (2 * uniform - 1 if config.noise == "symmetric" else uniform) * scale

    return draw
