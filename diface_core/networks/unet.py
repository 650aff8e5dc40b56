"""A 1D convolutional U-Net over rows, the architecture of 3DiFACE (section 3.2)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from .blocks import Downsample, ResidualBlock, Upsample


class UNet(nn.Module):
    """x (B, T, W) and condition (B, K) to (B, T, W); every level after the first halves the rows.

    `levels` is the width's factor at each level; `context_rows` the receptive field on either side, in rows.
    """

    def __init__(self, width: int, condition: int, levels: tuple[int, ...], dropout: float) -> None:
        super().__init__()
        widths = [width * factor for factor in levels]
        steps = list(pairwise(widths))
        self.stride = 2 ** len(steps)
        # Two blocks per level see two rows each (the deepest two and three), and one more at the start of a coarse row.
        self.context_rows = 5 * (2 * self.stride - 1)
        self.descend = nn.ModuleList(ResidualBlock(w, condition, dropout=dropout) for w in widths)
        self.shrink = nn.ModuleList(Downsample(high, low) for high, low in steps)
        self.middle = ResidualBlock(widths[-1], condition, 2, dropout)
        self.grow = nn.ModuleList(Upsample(low, high) for high, low in steps)
        self.join = nn.ModuleList(nn.Linear(2 * high, high) for high, _ in steps)
        self.ascend = nn.ModuleList(ResidualBlock(high, condition, dropout=dropout) for high, _ in steps)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Return (B, T, W)."""
        rows = x.shape[1]
        x = functional.pad(x, (0, 0, 0, -rows % self.stride))
        skips = []
        for block, shrink in zip(self.descend, self.shrink, strict=False):
            skips.append(block(x, condition))
            x = shrink(skips[-1])
        x = self.middle(self.descend[-1](x, condition), condition)
        for level in reversed(range(len(self.grow))):
            x = self.join[level](torch.cat([self.grow[level](x), skips[level]], dim=2))
            x = self.ascend[level](x, condition)
        return x[:, :rows]
