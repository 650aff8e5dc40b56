"""Building blocks of the denoisers over rows (B, T, W). All are local in time, so that long motion can be windowed."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional


class TemporalConv(nn.Module):
    """A convolution over 3 rows as one matrix product: on a CPU several times faster than Conv1d (bfloat16: ten)."""

    def __init__(self, inputs: int, outputs: int, dilation: int = 1) -> None:
        super().__init__()
        self.dilation = dilation
        self.linear = nn.Linear(3 * inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, T, outputs) of `x` (B, T, inputs)."""
        rows, offset = x.shape[1], self.dilation
        padded = functional.pad(x, (0, 0, offset, offset))
        return self.linear(torch.cat([padded[:, first : first + rows] for first in (0, offset, 2 * offset)], dim=2))


class Downsample(nn.Module):
    """Halves the rows: a convolution of size and stride 2. T must be even."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(2 * inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, T / 2, outputs) of `x` (B, T, inputs)."""
        return self.linear(x.reshape(len(x), x.shape[1] // 2, -1))


class Upsample(nn.Module):
    """Doubles the rows: a transposed convolution of size and stride 2."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, 2 * outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, 2 T, outputs) of `x` (B, T, inputs)."""
        return self.linear(x).reshape(len(x), 2 * x.shape[1], -1)


class ResidualBlock(nn.Module):
    """Two temporal convolutions with a skip; `condition` (B, K) scales and shifts between them (FiLM)."""

    def __init__(self, width: int, condition: int, dilation: int = 1, dropout: float = 0.0) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.conv1, self.conv2 = TemporalConv(width, width, dilation), TemporalConv(width, width)
        self.film = nn.Linear(condition, 2 * width) if condition else None
        self.dropout = nn.Dropout(dropout)
        nn.init.zeros_(self.conv2.linear.weight)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return (B, T, W) of `x` (B, T, W)."""
        hidden = self.norm2(self.conv1(functional.silu(self.norm1(x))))
        if self.film is not None and condition is not None:
            scale, shift = self.film(condition)[:, None].chunk(2, dim=2)
            hidden = hidden * (1 + scale) + shift
        return x + self.conv2(self.dropout(functional.silu(hidden)))


class TimeEmbedding(nn.Module):
    """t (B,) to (B, width): sines and cosines of log-spaced rates, then two linear maps."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("rates", time_rates(), persistent=False)
        self.map = nn.Sequential(nn.Linear(64, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, t: Tensor) -> Tensor:
        """Return the embedding (B, width) of `t` (B,)."""
        angle = t[:, None] * self.get_buffer("rates")
        return self.map(torch.cat([angle.sin(), angle.cos()], dim=1))


def time_rates() -> Tensor:
    """Return the rates (32,) of the time embedding, in radians per unit of time."""
    return torch.exp(torch.linspace(0.0, math.log(1000.0), 32))
