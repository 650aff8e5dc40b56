"""The graph of Whisper's encoder (Radford et al. 2022), the weights named as in `transformers`."""

from __future__ import annotations

from ..build_speech_encoder import HIDDEN, LAYERS, MELS, POSITIONS, WIDTH
from .builder import GraphBuilder

HEADS = 6
"""Attention heads."""


def whisper_graph() -> bytes:
    """Return the encoder's graph file: "mel" (B, MELS, 2 T) to "speech" (B, T, WIDTH), T at most POSITIONS."""
    graph = GraphBuilder("mel")
    mel = graph.input("mel", ["B", MELS, "2 T"])
    x = graph.gelu(_conv(graph, mel, "conv1", MELS, stride=1))
    x = graph.gelu(_conv(graph, x, "conv2", WIDTH, stride=2))
    x = graph.op("Transpose", x, perm=[0, 2, 1])
    rows = graph.op("Shape", x, start=1, end=2)
    positions = graph.session_weight("embed_positions.weight", POSITIONS, WIDTH)
    x = graph.op("Add", x, graph.slice(positions, graph.constant([0]), rows, axis=0))
    for number in range(LAYERS):
        x = _layer(graph, x, f"layers.{number}")
    graph.output("speech", graph.layer_norm(x, "layer_norm", WIDTH), ["B", "T", WIDTH])
    return graph.to_bytes("speech encoder")


def _conv(graph: GraphBuilder, x: str, name: str, inputs: int, stride: int) -> str:
    weight, bias = graph.session_weight(f"{name}.weight", WIDTH, inputs, 3), graph.session_weight(f"{name}.bias", WIDTH)
    return graph.op("Conv", x, weight, bias, kernel_shape=[3], pads=[1, 1], strides=[stride])


def _layer(graph: GraphBuilder, x: str, name: str) -> str:
    normalised = graph.layer_norm(x, f"{name}.self_attn_layer_norm", WIDTH)
    x = graph.op("Add", x, _attention(graph, normalised, f"{name}.self_attn"))
    hidden = graph.linear(graph.layer_norm(x, f"{name}.final_layer_norm", WIDTH), f"{name}.fc1", WIDTH, HIDDEN)
    return graph.op("Add", x, graph.linear(graph.gelu(hidden), f"{name}.fc2", HIDDEN, WIDTH))


def _attention(graph: GraphBuilder, x: str, name: str) -> str:
    size = WIDTH // HEADS

    def heads(projection: str, bias: bool, axes: list[int]) -> str:
        projected = graph.linear(x, f"{name}.{projection}_proj", WIDTH, WIDTH, bias=bias)
        split = graph.op("Reshape", projected, graph.row_shape(HEADS, size))
        return graph.op("Transpose", split, perm=axes)

    query, key = heads("q", True, [0, 2, 1, 3]), heads("k", False, [0, 2, 3, 1])
    scores = graph.op("MatMul", graph.op("Mul", query, graph.constant(size**-0.5, "f4")), key)
    attended = graph.op("MatMul", graph.op("Softmax", scores, axis=-1), heads("v", True, [0, 2, 1, 3]))
    attended = graph.op("Reshape", graph.op("Transpose", attended, perm=[0, 2, 1, 3]), graph.row_shape(WIDTH))
    return graph.linear(attended, f"{name}.out_proj", WIDTH, WIDTH)
