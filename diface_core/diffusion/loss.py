"""What the denoisers are trained to make small."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class LossTerm:
    """A weighted mean in its two halves, so that several processes can put theirs together: `total` over `weight`."""

    total: Tensor
    weight: Tensor

    def mean(self) -> Tensor:
        """The mean; 0 where nothing weighs."""
        return self.total / self.weight.clamp(min=1.0)


def weighted_term(values: Tensor, weight: Tensor) -> LossTerm:
    """`values` (B, T, C), each as often as `weight` says; both (B, T, C) after broadcasting."""
    weight = weight.expand_as(values)
    return LossTerm((values * weight).sum(), weight.sum())


def position_error(x0: Tensor, target: Tensor, weight: Tensor) -> LossTerm:
    """Squared error (3DiFACE, eq. 4) over (B, T, C).

    `weight` (B, T or 1, C) is 0 where the corpus does not know a channel or the clip is padded.
    """
    return weighted_term((x0 - target) ** 2, weight)


def velocity_error(x0: Tensor, target: Tensor, weight: Tensor) -> LossTerm:
    """Squared error from row to row (3DiFACE, eq. 5), where both rows are known."""
    weight = weight.expand_as(target)
    return weighted_term((x0 - target).diff(dim=1) ** 2, weight[:, 1:] * weight[:, :-1])
