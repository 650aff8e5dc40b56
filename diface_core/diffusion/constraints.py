"""Kept values: the artist's keys, imposed on every predicted x0 (3DiFACE, section 3.3)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Kept:
    """Where `keep` (B, T, C) bool is True, x0 takes `values` (B, T, C), both in the denoiser's units."""

    values: Tensor
    keep: Tensor

    def impose(self, x0: Tensor) -> Tensor:
        """`x0` with the kept values in their places, exactly."""
        return torch.where(self.keep, self.values, x0)

    def __getitem__(self, rows: slice) -> Kept:
        """The same for some of the rows."""
        return Kept(self.values[:, rows], self.keep[:, rows])


def nothing_kept(like: Tensor) -> Kept:
    """No constraint, in the shape of `like` (B, T, C)."""
    return Kept(torch.zeros_like(like), torch.zeros_like(like, dtype=torch.bool))
