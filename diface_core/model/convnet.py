"""A stack of dilated convolutions at full rate: WaveNet's idea (van den Oord et al. 2016), looking both ways."""

from __future__ import annotations

from torch import Tensor, nn

from .blocks import ResidualBlock


class ConvNet(nn.Module):
    """x (B, T, W) and condition (B, K) -> (B, T, W), one residual block a dilation; `reach` as in `UNet`."""

    stride = 1

    def __init__(self, width: int, condition: int, dilations: tuple[int, ...], dropout: float) -> None:
        super().__init__()
        self.context_rows = sum(dilation + 1 for dilation in dilations)
        self.blocks = nn.ModuleList(ResidualBlock(width, condition, dilation, dropout) for dilation in dilations)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x, condition)
        return x
