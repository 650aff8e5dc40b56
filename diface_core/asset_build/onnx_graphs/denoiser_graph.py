"""The graphs of a denoiser: its speech tower and its network, layer by layer as in `diface_core.networks`."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import pairwise

from ...inference.denoiser_config import DenoiserConfig
from ...networks.blocks import time_rates
from ...networks.denoiser import Denoiser
from .builder import GraphBuilder
from .local_transformer import local_transformer

TIME_WIDTH = 64
"""Sines and cosines of the time embedding."""


def tower_graph(config: DenoiserConfig) -> bytes:
    """Return the speech tower's graph file: "features" (B, T, D) to "speech" (B, T, W)."""
    graph = GraphBuilder("features")
    first, last = config.features
    width, columns = config.audio_width, last - first
    features = graph.input("features", ["B", "T", "D"])
    x = graph.slice(features, graph.constant([first]), graph.constant([last]), axis=2)
    x = graph.op("Sub", x, graph.session_weight("speech.mean", columns))
    x = graph.op("Div", x, graph.session_weight("speech.deviation", columns))
    x = graph.linear(x, "speech.embed", columns, width)
    for number, dilation in enumerate(config.audio_dilations):
        x = residual_block(graph, x, f"speech.blocks.{number}", width, dilation=dilation)
    graph.output("speech", x, ["B", "T", width])
    return graph.to_bytes("speech tower", _metadata(config))


def denoiser_graph(config: DenoiserConfig) -> bytes:
    """Return the denoiser's graph file: (xt, flags, speech, t, style) to "x0" (B, T, C), as `Denoiser.forward`.

    The output layer's weights are inputs, because style files change them.
    """
    graph = GraphBuilder("xt")
    channels, width = len(config.channels), config.width
    xt, flags = (graph.input(name, ["B", "T", channels]) for name in ("xt", "flags"))
    speech = graph.input("speech", ["B", "T", config.audio_width])
    t, style = graph.input("t", ["B"]), graph.input("style", ["B", 2 * width])
    weight, bias = graph.input("output_weight", [channels, width]), graph.input("output_bias", [channels])

    condition = graph.silu(graph.op("Add", _time_embedding(graph, t, 2 * width), style))
    x = graph.op("Concat", xt, flags, speech, axis=2)
    x = temporal_conv(graph, x, "enter", 2 * channels + config.audio_width, width)
    x = _network(graph, x, condition, config)
    x = graph.silu(graph.layer_norm(x, "leave.0", width))
    flat = graph.op("Reshape", x, graph.constant([-1, width]))
    x0 = graph.op("Gemm", flat, weight, bias, transB=1)
    graph.output("x0", graph.op("Reshape", x0, graph.row_shape(channels)), ["B", "T", channels])
    return graph.to_bytes("denoiser", _metadata(config))


def temporal_conv(graph: GraphBuilder, x: str, name: str, inputs: int, outputs: int, dilation: int = 1) -> str:
    """Add a `TemporalConv`."""
    padded = graph.op("Pad", x, graph.constant([0, dilation, 0, 0, dilation, 0]))
    ends = {0: -2 * dilation, dilation: -dilation, 2 * dilation: 2**62}
    shifted = [
        graph.slice(padded, graph.constant([first]), graph.constant([last]), axis=1) for first, last in ends.items()
    ]
    return graph.linear(graph.op("Concat", *shifted, axis=2), f"{name}.linear", 3 * inputs, outputs)


def residual_block(
    graph: GraphBuilder, x: str, name: str, width: int, condition: str | None = None, inputs: int = 0, dilation: int = 1
) -> str:
    """Add a `ResidualBlock`; `condition` (B, inputs) or None."""
    hidden = graph.silu(graph.layer_norm(x, f"{name}.norm1", width))
    hidden = temporal_conv(graph, hidden, f"{name}.conv1", width, width, dilation)
    hidden = graph.layer_norm(hidden, f"{name}.norm2", width)
    if condition is not None:
        film = graph.flat_linear(condition, f"{name}.film", inputs, 2 * width)
        scale, shift = graph.ops(
            "Split", graph.op("Unsqueeze", film, graph.constant([1])), count=2, axis=2, num_outputs=2
        )
        scale = graph.op("Add", scale, graph.constant(1.0, "f4"))
        hidden = graph.op("Add", graph.op("Mul", hidden, scale), shift)
    hidden = temporal_conv(graph, graph.silu(hidden), f"{name}.conv2", width, width)
    return graph.op("Add", x, hidden)


def _time_embedding(graph: GraphBuilder, t: str, width: int) -> str:
    """Add a `TimeEmbedding` of t (B,)."""
    rates = graph.constant(time_rates().numpy()[None], "f4")
    angle = graph.op("Mul", graph.op("Unsqueeze", t, graph.constant([1])), rates)
    x = graph.op("Concat", graph.op("Sin", angle), graph.op("Cos", angle), axis=1)
    x = graph.silu(graph.flat_linear(x, "time.map.0", TIME_WIDTH, width))
    return graph.flat_linear(x, "time.map.2", width, width)


def _network(graph: GraphBuilder, x: str, condition: str, config: DenoiserConfig) -> str:
    match config.network:
        case "unet":
            return _unet(graph, x, condition, config)
        case "convnet":
            for number, dilation in enumerate(config.dilations):
                name = f"network.blocks.{number}"
                x = residual_block(graph, x, name, config.width, condition, 2 * config.width, dilation)
            return x
        case "transformer":
            return local_transformer(graph, x, condition, config)
    raise ValueError(f"network must be unet, convnet or transformer. Got {config.network}.")


def _unet(graph: GraphBuilder, x: str, condition: str, config: DenoiserConfig) -> str:
    """Add a `UNet`."""
    widths = [config.width * factor for factor in config.levels]
    steps = list(pairwise(widths))

    def block(x: str, name: str, width: int, dilation: int = 1) -> str:
        return residual_block(graph, x, f"network.{name}", width, condition, 2 * config.width, dilation)

    x, rows = graph.pad_rows(x, 2 ** len(steps))
    skips = []
    for level, (high, low) in enumerate(steps):
        skips.append(block(x, f"descend.{level}", high))
        x = graph.linear(skips[-1], f"network.shrink.{level}.linear", 2 * high, low)
    x = block(block(x, f"descend.{len(steps)}", widths[-1]), "middle", widths[-1], dilation=2)
    for level, (high, low) in reversed(list(enumerate(steps))):
        x = graph.linear(x, f"network.grow.{level}.linear", low, 2 * high, row_width=high)
        x = graph.linear(graph.op("Concat", x, skips[level], axis=2), f"network.join.{level}", 2 * high, high)
        x = block(x, f"ascend.{level}", high)
    return graph.first_rows(x, rows)


def _metadata(config: DenoiserConfig) -> dict[str, str]:
    denoiser = Denoiser(config)
    reach = {"context_rows": denoiser.context_rows, "speech_context_rows": denoiser.speech.context_rows}
    return {
        "config": json.dumps(asdict(config)),
        "stride": str(denoiser.stride),
        **{name: str(rows) for name, rows in reach.items()},
    }
