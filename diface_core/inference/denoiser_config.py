"""The architecture of a denoiser."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DenoiserConfig:
    """The architecture of a denoiser.

    Attributes:
        channels: The channels that it predicts, in order.
        features: First and last + 1 column of the feature rows that condition it.
        styles: Names of the trained styles.
        network: "unet", "convnet" or "transformer".
        width: Width of the network at full rate.
        levels: Of the U-Net: the width's factor at each halving of the rate.
        dilations: Of the convolutional network: one block each.
        depth: Of the transformer: number of blocks.
        window: Of the transformer: rows either way that a block attends to.
        audio_width: Width of the speech tower.
        audio_dilations: Of the speech tower: one block each.
        dropout: Dropout in training.
        default_style: The styles whose even blend is the default; empty: the first.
    """

    channels: tuple[str, ...]
    features: tuple[int, int]
    styles: tuple[str, ...]
    network: str = "unet"
    width: int = 128
    levels: tuple[int, ...] = (1, 2, 2)
    dilations: tuple[int, ...] = (1, 2, 4, 8, 1, 2, 4, 8)
    depth: int = 6
    window: int = 12
    audio_width: int = 192
    audio_dilations: tuple[int, ...] = (1, 2, 4, 8)
    dropout: float = 0.0
    default_style: tuple[str, ...] = ()
