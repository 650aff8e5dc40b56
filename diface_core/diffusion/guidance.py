"""Compositional classifier-free guidance (Ho & Salimans 2022) on x0, with one scale per condition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from torch import Tensor

Predict = Callable[[bool, bool], Tensor]
"""(with_speech, with_style) -> x0 (B, T, C): the prediction with or without each condition."""

Conditions = tuple[bool, bool]
MapConditions = Callable[[Callable[[Conditions], Tensor], Sequence[Conditions]], Iterable[Tensor]]
"""As `map`: predictions under several conditions, which may run in parallel."""


def apply_guidance(
    predict: Predict, speech_scale: float, style_scale: float, map_conditions: MapConditions = map
) -> Tensor:
    """Return the guided x0: x0 + sum_i (w_i - 1) (x0 - x0 without condition i).

    Composed conditions as in Liu et al. 2022. Scale 1 is no guidance: one call is needed, and one more for each scale
    that is not 1.
    """
    without = {(False, True): speech_scale - 1, (True, False): style_scale - 1}
    dropped = [conditions for conditions, scale in without.items() if scale]
    x0, *others = map_conditions(lambda conditions: predict(*conditions), [(True, True), *dropped])
    return x0 + sum(without[conditions] * (x0 - other) for conditions, other in zip(dropped, others, strict=True))
