"""The cosine noise schedule (Nichol & Dhariwal 2021) in continuous time: t in [0, 1], 0 is clean."""

from __future__ import annotations

import math

import numpy as np

from ..types import Float32Array, Float64Array

OFFSET = 0.008


def alpha_sigma(t: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Return the shares of x0 and noise in xt at each t, alpha^2 + sigma^2 = 1, in the shape of `t`."""
    angle = (t + OFFSET) / (1 + OFFSET) * (math.pi / 2)
    start = math.cos(OFFSET / (1 + OFFSET) * math.pi / 2)
    alpha = np.clip(np.cos(angle) / start, 0.0, 1.0)
    return alpha, np.sqrt(1 - alpha**2)


def times(steps: int, start_time: float = 1.0) -> list[float]:
    """Return the steps + 1 times that a sampler visits, from `start_time` to 0."""
    if steps < 1:
        raise ValueError(f"steps must be 1 or more. Got {steps}.")
    return np.linspace(start_time, 0.0, steps + 1).tolist()


def add_noise(x0: Float32Array, noise: Float32Array, t: float) -> Float32Array:
    """Return xt of clean rows and noise, both (B, T, C)."""
    alpha, sigma = _shares(t)
    return alpha * x0 + sigma * noise


def ddim_step(xt: Float32Array, x0: Float32Array, t: float, t_next: float) -> Float32Array:
    """Return xt at `t_next` by the deterministic DDIM step (Song et al. 2021, eq. 12, sigma 0)."""
    alpha, sigma = _shares(t)
    noise = (xt - alpha * x0) / sigma
    return add_noise(x0, noise, t_next)


def _shares(t: float) -> tuple[float, float]:
    """The shares as Python's numbers, which leave arrays of float32 at float32."""
    alpha, sigma = alpha_sigma(np.array(t))
    return float(alpha), float(sigma)
