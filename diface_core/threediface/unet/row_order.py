"""Where the U-Net's graph keeps the rows of a motion in memory.

The convolutions over three rows are computed by tiles of TILE rows (see `winograd`), of which all first rows are stored
together, then all second rows, and so on. The graph gathers rows by index where the order changes; the indices depend
on the length and are inputs of the graph.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..options import NetworkConfig, Padding
from .stages import Stage
from .winograd import TILE

IntArray = npt.NDArray[np.integer]


@dataclass(frozen=True)
class RowOrder:
    """The order of the rows of several items (conditionings) in one tensor.

    Attributes:
        position: Map of item and row to the position in the tensor.
        size: Number of rows in the tensor; some may be unused.
    """

    position: Callable[[IntArray, IntArray], IntArray]
    size: int

    @classmethod
    def sequential(cls, items: int, rows: int) -> RowOrder:
        """Return the order of items one after the other."""
        return cls(lambda item, row: item * rows + row, items * rows)

    @classmethod
    def shared(cls, rows: int) -> RowOrder:
        """Return the order of a tensor whose rows are those of every item."""
        return cls(lambda item, row: item * 0 + row, rows)

    @classmethod
    def tiled(cls, items: int, rows: int) -> RowOrder:
        """Return the order by the position in the tile, then by item, then by tile."""
        tiles = tile_count(rows)
        return cls(lambda item, row: (row % TILE * items + item) * tiles + row // TILE, TILE * items * tiles)

    def doubled(self) -> RowOrder:
        """Return the order after each row of the tensor has become two rows."""
        return RowOrder(lambda item, row: 2 * self.position(item, row // 2) + row % 2, 2 * self.size)


def tile_count(rows: int) -> int:
    """Return the number of tiles, of which the last may be incomplete."""
    return -(-rows // TILE)


def row_indices(config: NetworkConfig, stages: list[Stage], items: int, rows: int) -> dict[str, npt.NDArray[np.int32]]:
    """Return the graph's indices for `items` conditionings of `rows` rows, by the names of its inputs."""
    indices: dict[str, IntArray] = {}
    order, item = RowOrder.shared(rows), np.arange(items)[:, None, None]
    for number, stage in enumerate(stages):
        count = rows >> stage.level
        if stage.kind == "up":
            order = order.doubled()
        elif stage.kind == "down":
            pairs = np.arange(2 * count).reshape(1, count, 2)
            indices[gather_name(number)] = order.position(item, pairs)
            order = RowOrder.sequential(items, count)
        else:
            # The first convolution is the same for all conditionings.
            conditions = 1 if number == 0 else items
            windows = np.arange(-1, TILE + 1)[:, None, None] + TILE * np.arange(tile_count(count))
            row = pad_rows(windows, count, config.padding)
            position = order.position(np.arange(conditions)[None, :, None], np.maximum(row, 0))
            indices[gather_name(number)] = np.where(row < 0, order.size, position)
            order = RowOrder.tiled(items, count)
    every = np.arange(rows)[None]
    indices["skip"] = _tiled_rows(items, rows)
    indices["result"] = order.position(np.arange(items)[:, None], every)
    return {name: np.ascontiguousarray(index.ravel(), np.int32) for name, index in indices.items()}


def gather_name(stage: int) -> str:
    """Return the name of the graph's input with the indices of a stage."""
    return f"rows.{stage}"


def pad_rows(row: IntArray, count: int, padding: Padding) -> IntArray:
    """Return the rows of a sequence of `count` that stand for rows outside it; -1 for a row of zeros."""
    inside = np.clip(row, 0, count - 1)
    if padding == "zeros":
        return np.where((row == -1) | (row == count), -1, inside)
    if padding == "reflect":
        return np.clip(np.where(row < 0, -row, np.where(row == count, count - 2, row)), 0, count - 1)
    if padding == "circular":
        return np.where(row == -1, count - 1, np.where(row == count, 0, inside))
    return inside


def _tiled_rows(items: int, rows: int) -> IntArray:
    """Return the row of each position of a tiled tensor; the last row where the tile is incomplete."""
    tiles = np.arange(tile_count(rows)) * TILE + np.arange(TILE)[:, None, None]
    return np.minimum(np.broadcast_to(tiles, (TILE, items, tiles.shape[-1])), rows - 1)
