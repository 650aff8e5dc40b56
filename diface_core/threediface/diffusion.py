"""The diffusion of 3DiFACE's networks (Ho et al. 2020; cosine: Nichol & Dhariwal 2021), and its noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..types import Float32Array
from .options import DiffusionConfig

DrawNoise = Callable[[tuple[int, ...]], Float32Array]
"""Draws noise of a shape, float32, one draw after the other."""

NoiseSource = Callable[[], DrawNoise]
"""Begins such draws anew: the same every time."""

Float64Array = npt.NDArray[np.float64]


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
        self.x0_coefficient = betas * np.sqrt(before) / (1 - self.alpha_bar)
        self.xt_coefficient = (1 - before) * np.sqrt(1 - betas) / (1 - self.alpha_bar)
        # By its logarithm and in float32, as in the original: its last bit may count (sampling.SENSITIVE).
        clipped = np.log(np.append(variance[1:2], variance[1:])) if len(betas) > 1 else np.full(1, -np.inf)
        self.posterior_deviation = torch.exp(0.5 * torch.from_numpy(clipped).float()).numpy()

    def __len__(self) -> int:
        return len(self.alpha_bar)

    @property
    def steps(self) -> list[int]:
        """From the noise down."""
        return list(reversed(range(len(self))))

    def step_index(self, step: int, device: torch.device) -> Tensor:
        """The step (1,) as the network is told it: a row of its table."""
        return torch.tensor([int(step * 1000 / len(self)) if self.config.rescale else step], device=device)

    def previous_sample(self, x0: Tensor, xt: Tensor, step: int, noise: Callable[[], Tensor]) -> Tensor:
        """x_{t-1} from the predicted x0 and x_t, with a fresh noise; at step 0 it is drawn and not used."""
        mean = float(self.x0_coefficient[step]) * x0 + float(self.xt_coefficient[step]) * xt
        fresh = noise()
        return mean + float(self.posterior_deviation[step]) * fresh if step else mean


def _betas(config: DiffusionConfig) -> Float64Array:
    if config.schedule == "linear":
        scale = config.scale_beta * 1000 / config.steps
        return np.linspace(scale * 1e-4, scale * 2e-2, config.steps, dtype=np.float64)

    def left(share: float) -> float:
        return np.cos((share + 0.008) / 1.008 * np.pi / 2) ** 2

    count = config.steps
    return np.array([min(1 - left((i + 1) / count) / left(i / count), 0.999) for i in range(count)])


def seeded_noise(config: DiffusionConfig, seed: int) -> NoiseSource:
    """The noise that the diffusion is made of, the same for the same seed on every machine.

    However a draw's rows are split, they are the same.
    """
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
    """Mean and standard deviation of every value of that noise."""
    scale = config.noise_scale
    return {"positive": (scale / 2, scale / 12**0.5), "symmetric": (0.0, scale / 3**0.5), "none": (0.0, 0.0)}[
        config.noise
    ]
