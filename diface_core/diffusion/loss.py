"""What the denoisers are trained to make small."""

from __future__ import annotations

from torch import Tensor


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean of `values` where `mask` is 1; both (B, T, C) after broadcasting."""
    mask = mask.expand_as(values)
    return (values * mask).sum() / mask.sum().clamp(min=1.0)


def motion_loss(x0: Tensor, target: Tensor, weight: Tensor, velocity_weight: float) -> Tensor:
    """Squared error of position and of velocity (3DiFACE, eq. 4 and 5), over (B, T, C).

    `weight` (B, T or 1, C) is 0 where the corpus does not know a channel or the clip is padded.
    """
    weight = weight.expand_as(target)
    position = masked_mean((x0 - target) ** 2, weight)
    between = weight[:, 1:] * weight[:, :-1]
    velocity = masked_mean(((x0 - target).diff(dim=1)) ** 2, between)
    return position + velocity_weight * velocity
