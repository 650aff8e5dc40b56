"""The diffusion of 3DiFACE's networks (Ho et al. 2020; cosine: Nichol & Dhariwal 2021), and its noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..types import Float32Array
from .options import DiffusionConfig

DrawNoise = Callable[[tuple[int, ...]], Float32Array]
"""Draws float32 noise of a shape; every call is the next draw."""

NoiseSource = Callable[[], DrawNoise]
"""Starts the same sequence of draws from its beginning."""

Float64Array = npt.NDArray[np.float64]
Array = TypeVar("Array", Tensor, Float32Array)


class Schedule:
    """The noise level at every diffusion step, and the posterior of the previous step; tables in float64.

    Attributes:
        alpha_bar: (steps,) remaining share of x0's variance.
        x0_coefficient: (steps,) factor of x0 in the posterior's mean.
        xt_coefficient: (steps,) factor of xt in the posterior's mean.
        posterior_deviation: (steps,) deviation of the posterior; at step 0 that of step 1, never used.
    """

    def __init__(self, config: DiffusionConfig) -> None:
        self.config = config
        betas = _betas(config)
        self.alpha_bar = np.cumprod(1 - betas)
        before = np.append(1.0, self.alpha_bar[:-1])
        variance = betas * (1 - before) / (1 - self.alpha_bar)
        self.x0_coefficient = betas * np.sqrt(before) / (1 - self.alpha_bar)
        self.xt_coefficient = (1 - before) * np.sqrt(1 - betas) / (1 - self.alpha_bar)
        # By its logarithm and in float32, as in the original: see sampling.ROUNDING_SENSITIVE_NORMS.
        clipped = np.log(np.append(variance[1:2], variance[1:])) if len(betas) > 1 else np.full(1, -np.inf)
        self.posterior_deviation = torch.exp(0.5 * torch.from_numpy(clipped).float()).numpy()

    def __len__(self) -> int:
        return len(self.alpha_bar)

    @property
    def steps(self) -> list[int]:
        """The steps in sampling order, from the noisiest."""
        return list(reversed(range(len(self))))

    def step_index(self, step: int, device: torch.device) -> Tensor:
        """Return the network's input for a step (1,): a row of its step table."""
        return torch.tensor([self.table_row(step)], device=device)

    def table_row(self, step: int) -> int:
        """Return the row of the network's step table for a step."""
        return int(step * 1000 / len(self)) if self.config.rescale else step

    def previous_sample(self, x0: Array, xt: Array, step: int, noise: Callable[[], Array]) -> Array:
        """Return x_{t-1} from the predicted x0, x_t and a new draw of noise, which step 0 draws but does not use."""
        mean = float(self.x0_coefficient[step]) * x0 + float(self.xt_coefficient[step]) * xt
        draw = noise()
        return cast(Array, mean + float(self.posterior_deviation[step]) * draw if step else mean)


def _betas(config: DiffusionConfig) -> Float64Array:
    if config.schedule == "linear":
        scale = config.scale_beta * 1000 / config.steps
        return np.linspace(scale * 1e-4, scale * 2e-2, config.steps, dtype=np.float64)

    def cosine(share: float) -> float:
        return np.cos((share + 0.008) / 1.008 * np.pi / 2) ** 2

    count = config.steps
    return np.array([min(1 - cosine((i + 1) / count) / cosine(i / count), 0.999) for i in range(count)])


def seeded_noise(config: DiffusionConfig, seed: int) -> NoiseSource:
    """Return the diffusion's noise, the same for a seed on every machine, however the rows of a draw are split."""
    scale = np.float32(config.noise_scale)

    def begin() -> DrawNoise:
        rng = np.random.default_rng(seed)

        def draw(shape: tuple[int, ...]) -> Float32Array:
            if config.noise == "none":
                return np.zeros(shape, np.float32)
            uniform = rng.random(shape, dtype=np.float32)
            return (2 * uniform - 1 if config.noise == "symmetric" else uniform) * scale

        return draw

    return begin


def noise_moments(config: DiffusionConfig) -> tuple[float, float]:
    """Return mean and standard deviation of the diffusion's noise."""
    scale = config.noise_scale
    return {"positive": (scale / 2, scale / 12**0.5), "symmetric": (0.0, scale / 3**0.5), "none": (0.0, 0.0)}[
        config.noise
    ]
