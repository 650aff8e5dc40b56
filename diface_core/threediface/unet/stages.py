"""The convolutions of a U-Net in the order of their use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from torch import nn

from ..networks import Network, split_infusion


@dataclass(frozen=True)
class Stage:
    """One convolution with its activation.

    Attributes:
        kind: "frames" is a convolution over three rows, "down" halves the rows, "up" doubles them.
        level: Level of the output, whose rows are T / 2^level.
        conv: The convolution.
        norm: The norm after the activation, or None.
        infused: Whether the convolution is also over the speech; its weight's first columns are the motion's.
        decodes: Whether it belongs to the upward half.
    """

    kind: Literal["frames", "down", "up"]
    level: int
    conv: nn.Conv1d | nn.ConvTranspose1d
    norm: nn.Module | None = None
    infused: bool = False
    decodes: bool = False


def stages_of(network: Network) -> list[Stage]:
    """Return the convolutions of a network."""
    encoder, decoder, levels = network.encoder, network.decoder, network.config.levels
    found = [_infusion(encoder.in_infuse, 0, decodes=False)]
    for level, (block, layers) in enumerate(zip(encoder.mle_layers, encoder.infusion_layers, strict=True), start=1):
        found += [*_resampling(block, "down", level), _infusion(layers, level, decodes=False)]
    upwards = reversed(range(levels))
    for level, block, layers in zip(upwards, decoder.mle_layers, decoder.infusion_layers, strict=True):
        found += [*_resampling(block, "up", level), _infusion(layers, level, decodes=True)]
    return found


def _resampling(block: nn.Module, kind: Literal["down", "up"], level: int) -> Iterator[Stage]:
    resample, frames = (layer for layer in block.modules() if isinstance(layer, nn.Conv1d | nn.ConvTranspose1d))
    yield Stage(kind, level, resample)
    yield Stage("frames", level, frames)


def _infusion(layers: nn.Module, level: int, decodes: bool) -> Stage:
    conv, others = split_infusion(layers)
    return Stage("frames", level, conv, others[1] if len(others) > 1 else None, infused=True, decodes=decodes)
