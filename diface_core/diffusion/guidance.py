"""Classifier-free guidance (Ho & Salimans 2022), on x0, towards each condition by a scale of its own."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

Predict = Callable[[bool, bool], Tensor]
"""(heard, styled) -> x0 (B, T, C): what the denoiser makes of one xt with or without the speech, and the style."""


def guided(predict: Predict, speech: float, style: float) -> Tensor:
    """x0 that goes `speech` times the way from unheard to heard, and `style` times that from no style to the style.

    Both ways end at what the denoiser makes of both conditions, as with composed conditions (Liu et al. 2022); they
    add up. Scale 1 is no guidance and saves a call: one is needed, and one more for each scale that is not 1.
    """
    x0 = guided = predict(True, True)
    if speech != 1.0:
        guided = guided + (speech - 1) * (x0 - predict(False, True))
    if style != 1.0:
        guided = guided + (style - 1) * (x0 - predict(True, False))
    return guided
