"""The ONNX graph of a U-Net between its first and its last linear map."""

from __future__ import annotations

import numpy as np
from torch import Tensor, nn

from ...inference.onnx_graph import OnnxGraph
from ...types import Float32Array
from ..networks import Network
from ..options import NetworkConfig
from .row_order import gather_name
from .stages import Stage, stages_of
from .winograd import INPUT_TRANSFORM, OUTPUT_TRANSFORM, POINTS, TILE, transform_weight

MAX_BATCHED_WIDTH = 128
"""Channels up to which the products of a tile are one batched MatMul.

ONNX Runtime packs the weights of a MatMul in advance only if they are one matrix: packing wide ones in every call takes
as long as the product.
"""


def unet_graph(network: Network) -> OnnxGraph:
    """Return the graph of a network.

    Its inputs are `embedded` (T, ch), `step` (1, ch), `style` (1, ch), `mix` (1, B) with the weight of every
    conditioning in the result, the indices of `row_order.row_indices`, and for every infusion the convolved speech with
    bias (TILE, B, tiles outputs). Its output is `hidden` (T, ch).
    """
    config, graph, skips = network.config, OnnxGraph(), []
    embedded, step = (graph.input(name, shape) for name, shape in (("embedded", ["T", "ch"]), ("step", [1, "ch"])))
    embedded = graph.silu(embedded)
    skips.append(embedded)
    x = graph.op("Add", embedded, step)
    stages = stages_of(network)
    for number, stage in enumerate(stages):
        x = _add_stage(graph, x, number, stage, config)
        if stage.infused and not stage.decodes and number:
            skips.append(x)
        if stage.decodes and config.part == "head":
            x = graph.op("Add", x, _skip(graph, skips, stage.level))
    conditions = _gather(graph, x, "result", config.width)
    mix = graph.input("mix", [1, "B"])
    items = graph.op("Shape", mix, start=1, end=2)
    shape = graph.op("Concat", items, graph.constant([-1]), axis=0)
    mixed = graph.reshape(graph.op("MatMul", mix, graph.op("Reshape", conditions, shape)), -1, config.width)
    graph.output("hidden", graph.op("Add", mixed, graph.input("style", [1, "ch"])), ["T", "ch"])
    return graph


def speech_name(stage: int) -> str:
    """Return the name of the graph's input with the convolved speech of a stage."""
    return f"speech.{stage}"


def _add_stage(graph: OnnxGraph, x: str, number: int, stage: Stage, config: NetworkConfig) -> str:
    """Return the stage applied to rows (N, width), as rows in the stage's order."""
    conv, name = stage.conv, f"stage.{number}"
    width = conv.out_channels
    if stage.kind == "frames":
        x = _convolve_frames(graph, x, number, stage, config)
    else:
        weight = _array(conv.weight)  # (outputs, inputs, 2), or transposed (inputs, outputs, 2)
        if stage.kind == "down":
            x = _gather(graph, x, gather_name(number), 2 * conv.in_channels)
            matrix, bias = weight.transpose(2, 1, 0).reshape(-1, width), _array(conv.bias)
        else:
            matrix, bias = weight.transpose(0, 2, 1).reshape(conv.in_channels, -1), np.tile(_array(conv.bias), 2)
        x = graph.op("Gemm", x, graph.weight(f"{name}.weight", matrix), graph.weight(f"{name}.bias", bias))
    x = _activate(graph, x, config.activation)
    if stage.norm is not None:
        x = _normalise(graph, x, name, stage.norm)
    return graph.reshape(x, -1, width)


def _convolve_frames(graph: OnnxGraph, x: str, number: int, stage: Stage, config: NetworkConfig) -> str:
    """Return the convolution over three rows with bias and speech, before the activation."""
    conv, name = stage.conv, f"stage.{number}"
    width = conv.out_channels
    inputs = width if stage.infused else conv.in_channels
    if config.padding == "zeros":
        x = graph.op("Concat", x, graph.constant(np.zeros((1, inputs)), np.float32), axis=0)
    rows = _gather(graph, x, gather_name(number), inputs)
    transformed = graph.op("MatMul", graph.constant(INPUT_TRANSFORM, np.float32), graph.reshape(rows, POINTS, -1))
    products = _multiply(graph, transformed, name, transform_weight(_array(conv.weight)[:, :inputs]))
    tiles = graph.op("MatMul", graph.constant(OUTPUT_TRANSFORM, np.float32), products)
    if stage.infused:
        # The first convolution is the same for all conditionings: its tiles are added to the speech of each.
        speech = graph.input(speech_name(number), [TILE, "B", f"tiles.{stage.level}"])
        shape = (TILE, 1, -1) if number == 0 else (TILE, -1)
        added = speech if number == 0 else graph.reshape(speech, TILE, -1)
        return graph.op("Add", graph.reshape(tiles, *shape), added)
    return graph.op("Add", graph.reshape(tiles, -1, width), graph.weight(f"{name}.bias", _array(conv.bias)))


def _multiply(graph: OnnxGraph, transformed: str, name: str, matrices: Float32Array) -> str:
    """Return the products (POINTS, .) of transformed rows (POINTS, .) with a matrix for each point."""
    inputs = matrices.shape[1]
    if inputs <= MAX_BATCHED_WIDTH:
        weight = graph.weight(f"{name}.weight", matrices)
        return graph.reshape(graph.op("MatMul", graph.reshape(transformed, POINTS, -1, inputs), weight), POINTS, -1)
    parts = graph.ops("Split", graph.reshape(transformed, -1, inputs), count=POINTS, axis=0, num_outputs=POINTS)
    products = [
        graph.op("MatMul", rows, graph.weight(f"{name}.weight.{point}", matrix))
        for point, (rows, matrix) in enumerate(zip(parts, matrices, strict=True))
    ]
    return graph.reshape(graph.op("Concat", *products, axis=0), POINTS, -1)


def _activate(graph: OnnxGraph, x: str, activation: str) -> str:
    if activation == "swish":
        return graph.silu(x)
    if activation == "leakyrelu":
        return graph.op("LeakyRelu", x, alpha=0.01)
    return graph.op({"relu": "Relu", "sigmoid": "Sigmoid"}[activation], x)


def _normalise(graph: OnnxGraph, x: str, name: str, norm: nn.Module) -> str:
    """Return x after a batch norm in evaluation mode: a scale and an offset for each channel."""
    assert isinstance(norm, nn.BatchNorm1d)
    mean, variance = (_array(values).astype(np.float64) for values in (norm.running_mean, norm.running_var))
    scale = 1 / np.sqrt(variance + norm.eps) * (_array(norm.weight) if norm.affine else 1)
    offset = (_array(norm.bias) if norm.affine else 0) - mean * scale
    x = graph.reshape(x, -1, norm.num_features)
    scaled = graph.op("Mul", x, graph.weight(f"{name}.norm.scale", scale))
    return graph.op("Add", scaled, graph.weight(f"{name}.norm.offset", offset))


def _skip(graph: OnnxGraph, skips: list[str], level: int) -> str:
    """Return the encoder's output of a level in the order of the decoder's tiles."""
    return skips[level] if level else graph.op("Gather", skips[0], _index(graph, "skip"), axis=0)


def _gather(graph: OnnxGraph, x: str, index: str, width: int) -> str:
    """Return rows of x by index, read as rows of `width` values."""
    return graph.reshape(graph.op("Gather", x, _index(graph, index), axis=0), -1, width)


def _index(graph: OnnxGraph, name: str) -> str:
    return graph.input(name, [f"{name}.count"], np.int32)


def _array(values: Tensor | None) -> Float32Array:
    assert values is not None
    return values.detach().cpu().numpy()
