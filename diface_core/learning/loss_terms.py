"""Loss terms of the denoisers' training."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class LossTerm:
    """A weighted mean as its two sums, so that several processes can add theirs: `total` over `weight`."""

    total: Tensor
    weight: Tensor

    def mean(self) -> Tensor:
        """Return the mean; 0 if no weight is positive."""
        return self.total / self.weight.clamp(min=1.0)


def weighted_term(values: Tensor, weight: Tensor) -> LossTerm:
    """Return the sum of `values` (B, T, C) times `weight`; both (B, T, C) after broadcasting."""
    weight = weight.expand_as(values)
    return LossTerm((values * weight).sum(), weight.sum())


def position_error(x0: Tensor, target: Tensor, weight: Tensor) -> LossTerm:
    """Return the squared error (3DiFACE, eq. 4) over (B, T, C).

    `weight` (B, T or 1, C) is 0 where the corpus does not define a channel or the clip is padded.
    """
    return weighted_term((x0 - target) ** 2, weight)


def velocity_error(x0: Tensor, target: Tensor, weight: Tensor) -> LossTerm:
    """Return the squared error of row differences (3DiFACE, eq. 5), where both rows are known."""
    weight = weight.expand_as(target)
    return weighted_term((x0 - target).diff(dim=1) ** 2, weight[:, 1:] * weight[:, :-1])
