"""A transformer whose rows attend only to their neighbours, so that motion of any length can be windowed."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class LocalTransformer(nn.Module):
    """x (B, T, W) and condition (B, K) to (B, T, W): `depth` blocks, each attending `window` rows either way.

    Conditioned as DiT (Peebles & Xie 2023): scale, shift and gate of every half block. `context_rows` as in `UNet`.
    """

    stride = 1

    def __init__(self, width: int, condition: int, depth: int, window: int, dropout: float, heads: int = 4) -> None:
        super().__init__()
        self.context_rows = depth * window
        self.blocks = nn.ModuleList(Block(width, condition, window, heads, dropout) for _ in range(depth))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Return (B, T, W)."""
        for block in self.blocks:
            x = block(x, condition)
        return x


class Block(nn.Module):
    """Attention over the neighbours, then a feed-forward map, each with a skip."""

    def __init__(self, width: int, condition: int, window: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, elementwise_affine=False)
        self.norm2 = nn.LayerNorm(width, elementwise_affine=False)
        self.attention = LocalAttention(width, window, heads)
        self.feed = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Dropout(dropout), nn.Linear(4 * width, width)
        )
        self.film = nn.Linear(condition, 6 * width)
        nn.init.zeros_(self.film.weight)
        nn.init.zeros_(self.film.bias)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Return (B, T, W)."""
        scale1, shift1, gate1, scale2, shift2, gate2 = self.film(condition)[:, None].chunk(6, dim=2)
        x = x + (1 + gate1) * self.attention(self.norm1(x) * (1 + scale1) + shift1)
        return x + (1 + gate2) * self.feed(self.norm2(x) * (1 + scale2) + shift2)


class LocalAttention(nn.Module):
    """Attention of every row to the `window` rows before and after it, with a learnt bias per head and distance.

    Rows are processed in blocks of `window`, each attending to itself and its two neighbours, so that cost is linear in
    T.
    """

    def __init__(self, width: int, window: int, heads: int) -> None:
        super().__init__()
        self.window, self.heads = window, heads
        self.enter, self.leave = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.bias = nn.Parameter(torch.zeros(heads, 2 * window + 1))
        distance = torch.arange(3 * window)[None] - torch.arange(window)[:, None] - window
        self.register_buffer("near", distance.abs() <= window, persistent=False)
        self.register_buffer("distance", (distance + window).clamp(0, 2 * window), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, T, W)."""
        batch, rows, width = x.shape
        window, heads = self.window, self.heads
        blocks = -(-rows // window)
        x = functional.pad(x, (0, 0, 0, blocks * window - rows))
        query, key, value = self.enter(x).reshape(batch, blocks, window, 3, heads, -1).unbind(3)

        exists = torch.arange(-window, (blocks + 1) * window, device=x.device)
        exists = ((exists >= 0) & (exists < rows)).unfold(0, 3 * window, window)  # (blocks, 3 window)
        allowed = exists[:, None, None] & self.get_buffer("near")
        bias = self.bias[:, self.get_buffer("distance")].masked_fill(
            ~allowed, -1e4
        )  # (blocks, heads, window, 3 window)

        key, value = (_with_neighbours(part) for part in (key, value))
        attended = functional.scaled_dot_product_attention(
            query.transpose(2, 3), key.transpose(2, 3), value.transpose(2, 3), attn_mask=bias.to(query.dtype)
        )  # (B, blocks, heads, window, width / heads)
        return self.leave(attended.transpose(2, 3).reshape(batch, blocks * window, width)[:, :rows])


def _with_neighbours(x: Tensor) -> Tensor:
    """Blocks (B, N, window, H, K) with the block before and the one after, (B, N, 3 window, H, K)."""
    padded = functional.pad(x, (0, 0, 0, 0, 0, 0, 1, 1))
    return torch.cat([padded[:, :-2], padded[:, 1:-1], padded[:, 2:]], dim=2)
