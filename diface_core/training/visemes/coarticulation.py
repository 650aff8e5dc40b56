"""Coarticulation by dominance functions (Cohen & Massaro 1993): blended targets from phones with times.

Every sound attracts each channel to its target with a strength that rises before the sound and falls after it. The
result is the mean of all targets, weighted by these strengths. A short sound between strong neighbours does not reach
its target, and a strong one (the lips of a p) affects its neighbours.
"""

from __future__ import annotations

import torch

PARAMETERS: tuple[str, ...] = ("target", "strength", "rise", "fall", "lead", "lag")
"""Per sound and channel. strength, rise and fall are logarithms; rise and fall are of seconds. A sound begins `lead`
seconds before it is audible and ends `lag` seconds after.
"""


def blend(
    spans: torch.Tensor, parameters: torch.Tensor, times: torch.Tensor, scale: torch.Tensor | None = None
) -> torch.Tensor:
    """Blend the targets of sounds to channels (..., T, C).

    Args:
        spans: (..., U, 2) start and end of U sounds in s; a sound whose end is before its start is padding.
        parameters: (..., U, 6, C) in the order of PARAMETERS.
        times: (T,) in s.
        scale: (..., T, C), factor on the targets other than 0.
    """
    target, strength, rise, fall, lead, lag = parameters.unsqueeze(-4).unbind(-2)  # each (..., 1, U, C)
    since = times[:, None, None] - (spans[..., None, :, 0, None] - lead)  # (..., T, U, C)
    until = spans[..., None, :, 1, None] + lag - times[:, None, None]
    # The logarithm of two logistic edges, whose tails are exponential: a far influence, flat within a long sound.
    pull = (
        strength
        + torch.nn.functional.logsigmoid(since / rise.exp())
        + torch.nn.functional.logsigmoid(until / fall.exp())
    )
    padding = (spans[..., 1] < spans[..., 0])[..., None, :, None]
    weights = pull.masked_fill(padding, -1e9).softmax(-2)
    blended = (weights * target).sum(-2)
    return blended if scale is None else blended * scale
