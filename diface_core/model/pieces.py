"""Local networks over long motions: piece by piece with enough context, so that memory stays flat."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

PIECE = 4096
"""Rows computed at once (2.3 minutes): below that a piece costs nothing, above it memory grows."""


def in_pieces(compute: Callable[[int, int], Tensor], rows: int, reach: int) -> Tensor:
    """`compute(first, last)` -> (B, last - first, W) for all rows, asked for in pieces with `reach` rows of context.

    Equal to compute(0, rows) as long as no output depends on rows further than `reach` away; `reach` and PIECE are
    multiples of the network's stride, so that pieces halve their rows where the whole would.
    """
    if rows <= PIECE + 2 * reach:
        return compute(0, rows)
    parts = []
    for first in range(0, rows, PIECE):
        last = min(first + PIECE, rows)
        begin, end = max(0, first - reach), min(rows, last + reach)
        parts.append(compute(begin, end)[:, first - begin : last - begin])
    return torch.cat(parts, dim=1)
