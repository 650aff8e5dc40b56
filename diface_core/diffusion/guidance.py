"""Classifier-free guidance (Ho & Salimans 2022), on x0, towards each condition by a scale of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from torch import Tensor

Predict = Callable[[bool, bool], Tensor]
"""(heard, styled) -> x0 (B, T, C): what the denoiser makes of one xt with or without the speech, and the style."""

Conditions = tuple[bool, bool]
MapConditions = Callable[[Callable[[Conditions], Tensor], Sequence[Conditions]], Iterable[Tensor]]
"""As `map`: the predictions of several conditions, which may be made at the same time."""


def apply_guidance(
    predict: Predict, speech_scale: float, style_scale: float, map_conditions: MapConditions = map
) -> Tensor:
    """x0 that goes `speech` times the way from unheard to heard, and `style` times that from no style to the style.

    Both ways end at what the denoiser makes of both conditions, as with composed conditions (Liu et al. 2022); they
    add up. Scale 1 is no guidance and saves a call: one is needed, and one more for each scale that is not 1.
    """
    without = {(False, True): speech_scale - 1, (True, False): style_scale - 1}
    more = [conditions for conditions, scale in without.items() if scale]
    x0, *others = map_conditions(lambda conditions: predict(*conditions), [(True, True), *more])
    return x0 + sum(without[some] * (x0 - other) for some, other in zip(more, others, strict=True))
