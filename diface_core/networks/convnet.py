"""A stack of dilated convolutions at full rate, as WaveNet (van den Oord et al. 2016), but not causal."""

from __future__ import annotations

from torch import Tensor, nn

from .blocks import ResidualBlock


class ConvNet(nn.Module):
    """x (B, T, W) and condition (B, K) to (B, T, W), one residual block per dilation; `context_rows` as in `UNet`."""

    stride = 1

    def __init__(self, width: int, condition: int, dilations: tuple[int, ...], dropout: float) -> None:
        super().__init__()
        self.context_rows = sum(dilation + 1 for dilation in dilations)
        self.blocks = nn.ModuleList(ResidualBlock(width, condition, dilation, dropout) for dilation in dilations)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Return (B, T, W)."""
        for block in self.blocks:
            x = block(x, condition)
        return x
