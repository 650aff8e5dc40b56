"""Noise on the examples of a training, by the sampler's schedule."""

from __future__ import annotations

import torch
from torch import Tensor

from ..diffusion import schedule


def add_noise(x0: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """Return xt of clean rows (B, T, C), noise of that shape and t (B,)."""
    shares = schedule.alpha_sigma(t.double().cpu().numpy())
    alpha, sigma = (torch.from_numpy(share).to(x0)[:, None, None] for share in shares)
    return alpha * x0 + sigma * noise
