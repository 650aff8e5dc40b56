"""The graph of a `LocalTransformer`."""

from __future__ import annotations

import numpy as np

from ...inference.denoiser_config import DenoiserConfig
from .builder import GraphBuilder

HEADS = 4
"""Attention heads of the transformer."""


def local_transformer(graph: GraphBuilder, x: str, condition: str, config: DenoiserConfig) -> str:
    """Add a `LocalTransformer`; `condition` (B, 2 width)."""
    for number in range(config.depth):
        x = _block(graph, x, condition, f"network.blocks.{number}", config)
    return x


def _block(graph: GraphBuilder, x: str, condition: str, name: str, config: DenoiserConfig) -> str:
    width = config.width
    film = graph.flat_linear(condition, f"{name}.film", 2 * width, 6 * width)
    film = graph.op("Unsqueeze", film, graph.constant([1]))
    scale1, shift1, gate1, scale2, shift2, gate2 = graph.ops("Split", film, count=6, axis=2, num_outputs=6)
    one = graph.constant(1.0, "f4")

    def modulated(x: str, scale: str, shift: str) -> str:
        return graph.op("Add", graph.op("Mul", graph.layer_norm(x, None, width), graph.op("Add", scale, one)), shift)

    def added(x: str, gate: str, change: str) -> str:
        return graph.op("Add", x, graph.op("Mul", graph.op("Add", gate, one), change))

    x = added(x, gate1, _attention(graph, modulated(x, scale1, shift1), f"{name}.attention", config))
    hidden = graph.gelu(graph.linear(modulated(x, scale2, shift2), f"{name}.feed.0", width, 4 * width))
    return added(x, gate2, graph.linear(hidden, f"{name}.feed.3", 4 * width, width))


def _attention(graph: GraphBuilder, x: str, name: str, config: DenoiserConfig) -> str:
    """Add a `LocalAttention`: blocks of `window` rows attend to themselves and to both neighbours."""
    width, window, size = config.width, config.window, config.width // HEADS
    x, rows = graph.pad_rows(x, window)
    parts = graph.ops("Split", graph.linear(x, f"{name}.enter", width, 3 * width), count=3, axis=2, num_outputs=3)
    query, key, value = (graph.op("Reshape", part, graph.row_shape(window, HEADS, size)) for part in parts)
    key, value = (_with_neighbours(graph, part) for part in (key, value))
    query, value = (graph.op("Transpose", part, perm=[0, 1, 3, 2, 4]) for part in (query, value))
    key = graph.op("Transpose", key, perm=[0, 1, 3, 4, 2])

    scores = graph.op("Mul", graph.op("MatMul", query, key), graph.constant(size**-0.5, "f4"))
    scores = graph.op("Add", scores, _bias(graph, query, rows, name, window))
    attended = graph.op("MatMul", graph.op("Softmax", scores, axis=-1), value)  # (B, blocks, heads, window, size)
    attended = graph.op("Transpose", attended, perm=[0, 1, 3, 2, 4])
    attended = graph.linear(attended, f"{name}.leave", width, width)
    return graph.first_rows(attended, rows)


def _with_neighbours(graph: GraphBuilder, x: str) -> str:
    """Blocks (B, N, window, H, K) with the block before and the one after, (B, N, 3 window, H, K)."""
    padded = graph.op("Pad", x, graph.constant([0, 1, 0, 0, 0, 0, 1, 0, 0, 0]))
    ends = ((0, -2), (1, -1), (2, 2**62))
    shifted = [graph.slice(padded, graph.constant([first]), graph.constant([last]), axis=1) for first, last in ends]
    return graph.op("Concat", *shifted, axis=2)


def _bias(graph: GraphBuilder, query: str, rows: str, name: str, window: int) -> str:
    """Learnt bias by distance (blocks, heads, window, 3 window); very low where there is no row or it is too far."""
    distance = np.arange(3 * window)[None] - np.arange(window)[:, None] - window
    index = graph.constant(np.clip(distance + window, 0, 2 * window))
    bias = graph.op("Gather", graph.session_weight(f"{name}.bias", HEADS, 2 * window + 1), index, axis=1)

    blocks = graph.op("Squeeze", graph.op("Shape", query, start=1, end=2))
    first = graph.op(
        "Mul", graph.op("Range", *map(graph.constant, (0,)), blocks, graph.constant(1)), graph.constant(window)
    )
    row = graph.op(
        "Add", graph.op("Unsqueeze", first, graph.constant([1])), graph.constant([np.arange(3 * window) - window])
    )
    exists = graph.op("And", graph.op("GreaterOrEqual", row, graph.constant(0)), graph.op("Less", row, rows))
    exists = graph.op("Unsqueeze", exists, graph.constant([1, 2]))
    allowed = graph.op("And", exists, graph.constant(np.abs(distance) <= window, bool))
    return graph.op("Where", allowed, bias, graph.constant(-1e4, "f4"))
