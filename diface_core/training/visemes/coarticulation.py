"""Phones with times -> blended targets: coarticulation as dominance functions (Cohen & Massaro 1993).

Every sound pulls each channel towards its target with a strength that rises before the sound and falls after it. What
is seen is the mean of all targets, weighted by how strongly each sound pulls at that time. A short sound between strong
neighbours does not reach its target, and a strong one (the lips of a p) is felt in its neighbours.
"""

from __future__ import annotations

import torch

PARAMETERS: tuple[str, ...] = ("target", "strength", "rise", "fall", "lead", "lag")
"""Of a sound and a channel. strength, rise and fall are logarithms; rise and fall are of seconds. A sound begins `lead`
seconds before it is heard and ends `lag` seconds after."""


def blend(
    spans: torch.Tensor, parameters: torch.Tensor, times: torch.Tensor, scale: torch.Tensor | None = None
) -> torch.Tensor:
    """Channels (..., T, C) at `times` (T,) in s.

    spans: (..., U, 2) start and end of U sounds in s; a sound whose end is before its start is padding.
    parameters: (..., U, 6, C) in the order of PARAMETERS. scale: (..., T, C), what targets other than 0 are times.
    """
    target, strength, rise, fall, lead, lag = parameters.unsqueeze(-4).unbind(-2)  # each (..., 1, U, C)
    since = times[:, None, None] - (spans[..., None, :, 0, None] - lead)  # (..., T, U, C)
    until = spans[..., None, :, 1, None] + lag - times[:, None, None]
    # The logarithm of two logistic edges, whose tails are exponential: felt far away, flat within a long sound.
    pull = (
        strength
        + torch.nn.functional.logsigmoid(since / rise.exp())
        + torch.nn.functional.logsigmoid(until / fall.exp())
    )
    padding = (spans[..., 1] < spans[..., 0])[..., None, :, None]
    weights = pull.masked_fill(padding, -1e9).softmax(-2)
    blended = (weights * target).sum(-2)
    return blended if scale is None else blended * scale
