"""The cosine noise schedule (Nichol & Dhariwal 2021) in continuous time: t in [0, 1], 0 is clean."""

from __future__ import annotations

import torch
from torch import Tensor

OFFSET = 0.008


def alpha_sigma(t: Tensor) -> tuple[Tensor, Tensor]:
    """Return the shares of x0 and noise in xt at each t, alpha^2 + sigma^2 = 1, in the shape of `t`."""
    angle = (t + OFFSET) / (1 + OFFSET) * (torch.pi / 2)
    start = torch.cos(torch.tensor(OFFSET / (1 + OFFSET) * torch.pi / 2, dtype=t.dtype))
    alpha = (torch.cos(angle) / start).clamp(0.0, 1.0)
    return alpha, torch.sqrt(1 - alpha**2)


def times(steps: int, start_time: float = 1.0) -> Tensor:
    """Return the times (steps + 1,) that a sampler visits, from `start_time` to 0."""
    if steps < 1:
        raise ValueError(f"steps must be 1 or more. Got {steps}.")
    return torch.linspace(start_time, 0.0, steps + 1)


def add_noise(x0: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """Return xt of clean rows (B, T, C), noise of that shape and t (B,)."""
    alpha, sigma = alpha_sigma(t[:, None, None])
    return alpha * x0 + sigma * noise


def ddim_step(xt: Tensor, x0: Tensor, t: Tensor, t_next: Tensor) -> Tensor:
    """Return xt at `t_next` by the deterministic DDIM step (Song et al.

    2021, eq. 12, sigma 0); t, t_next are scalars.
    """
    alpha, sigma = alpha_sigma(t)
    alpha_next, sigma_next = alpha_sigma(t_next)
    noise = (xt - alpha * x0) / sigma
    return alpha_next * x0 + sigma_next * noise
