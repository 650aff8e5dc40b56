"""Classifier-free guidance (Ho & Salimans 2022), on x0."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

Denoise = Callable[[Tensor, Tensor], Tensor]
"""(xt (B, T, C), t scalar) -> x0 (B, T, C)."""


def guided(conditional: Denoise, unconditional: Denoise, scale: float) -> Denoise:
    """A denoiser that goes `scale` times the way from what it would do unheard to what it does hearing the speech.

    Scale 1 is the conditional denoiser itself, at half the cost.
    """
    if scale == 1.0:
        return conditional

    def denoise(xt: Tensor, t: Tensor) -> Tensor:
        base = unconditional(xt, t)
        return base + scale * (conditional(xt, t) - base)

    return denoise
