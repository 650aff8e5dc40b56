"""Compositional classifier-free guidance (Ho & Salimans 2022) on x0, with one scale per condition."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..types import Float32Array

Conditions = tuple[bool, bool]
"""(with_speech, with_style)."""

Predict = Callable[[Sequence[Conditions]], Sequence[Float32Array]]
"""Several conditions -> x0 (B, T, C) of each: the predictions with or without each condition, in one call."""


def apply_guidance(predict: Predict, speech_scale: float, style_scale: float) -> Float32Array:
    """Return the guided x0: x0 + sum_i (w_i - 1) (x0 - x0 without condition i).

    Composed conditions as in Liu et al. 2022. Scale 1 is no guidance: one prediction is needed, and one more for each
    scale that is not 1.
    """
    without = {(False, True): speech_scale - 1, (True, False): style_scale - 1}
    dropped = {conditions: scale for conditions, scale in without.items() if scale}
    x0, *others = predict([(True, True), *dropped])
    guided = x0
    for scale, other in zip(dropped.values(), others, strict=True):
        guided = guided + scale * (x0 - other)
    return guided
