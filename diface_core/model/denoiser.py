"""The denoiser: a network over rows that predicts x0 from xt and the speech (3DiFACE, section 3.2)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..diffusion.known_region import KnownRegion
from .blocks import ResidualBlock, TemporalConv, TimeEmbedding
from .convnet import ConvNet
from .transformer import LocalTransformer
from .unet import UNet


@dataclass(frozen=True)
class DenoiserConfig:
    """The shape of a denoiser.

    channels: what it moves, in order. features: first and last + 1 column of a feature row that it hears.
    styles: names of the trained styles. default_style: those whose even blend is the default; none: the first.
    network: "unet", "convnet" or "transformer", `width` wide at full rate.
    levels: of the U-Net, its width's factor at each halving of the rate.
    dilations: of the convolutional net, one block each.
    depth, window: of the transformer, its blocks and how many rows either way they attend to.
    audio_width, audio_dilations: of the tower that reads the features, one block a dilation.
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


class SpeechTower(nn.Module):
    """Features (B, T, D) -> (B, T, W), computed once for all steps; and what stands there when nothing is heard."""

    def __init__(self, config: DenoiserConfig) -> None:
        super().__init__()
        self.columns = slice(*config.features)
        width, columns = config.audio_width, config.features[1] - config.features[0]
        self.register_buffer("mean", torch.zeros(columns))
        self.register_buffer("deviation", torch.ones(columns))
        self.embed = nn.Linear(columns, width)
        self.blocks = nn.ModuleList(ResidualBlock(width, 0, d, config.dropout) for d in config.audio_dilations)
        self.unheard = nn.Parameter(torch.zeros(width))
        self.context_rows = sum(dilation + 1 for dilation in config.audio_dilations)
        """Rows on either side that an output row depends on."""

    def forward(self, features: Tensor) -> Tensor:
        x = (features[..., self.columns] - self.get_buffer("mean")) / self.get_buffer("deviation")
        x = self.embed(x)
        for block in self.blocks:
            x = block(x)
        return x


class Denoiser(nn.Module):
    """(xt, t, speech, style) -> x0, all in normalised units: (value - mean) / deviation of each channel."""

    def __init__(self, config: DenoiserConfig) -> None:
        super().__init__()
        self.config = config
        channels, condition = len(config.channels), 2 * config.width
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("deviation", torch.ones(channels))
        self.register_buffer("known", torch.ones(channels))

        self.speech = SpeechTower(config)
        self.time = TimeEmbedding(condition)
        self.style = nn.Embedding(len(config.styles), condition)
        nn.init.normal_(self.style.weight, std=0.1)
        self.enter = TemporalConv(2 * channels + config.audio_width, config.width)
        self.network = _network(config, condition)
        self.leave = nn.Sequential(nn.LayerNorm(config.width), nn.SiLU(), nn.Linear(config.width, channels))

    @property
    def device(self) -> torch.device:
        """Where the weights are, and xt, speech and style have to be."""
        return self.get_buffer("mean").device

    @property
    def stride(self) -> int:
        """A stretch of rows gives what the whole gives there if it begins at a multiple of this."""
        return self.network.stride

    @property
    def context_rows(self) -> int:
        """x0 depends on no row of xt, speech and kept values further away than this."""
        return 1 + self.network.context_rows

    def normalise(self, values: Tensor) -> Tensor:
        """Channel values (..., C) -> the denoiser's units."""
        return (values - self.get_buffer("mean")) / self.get_buffer("deviation")

    def denormalise(self, values: Tensor) -> Tensor:
        """The inverse of `normalise`; channels that no corpus knew stay at rest, 0."""
        return (values * self.get_buffer("deviation") + self.get_buffer("mean")) * self.get_buffer("known")

    def style_vector(self, index: Tensor) -> Tensor:
        """Style numbers (B,) -> vectors (B, 2 width); -1 is no style in particular."""
        vector = self.style(index.clamp(min=0))
        return vector * (index >= 0)[:, None]

    def forward(self, xt: Tensor, t: Tensor, speech: Tensor, style: Tensor, region: KnownRegion) -> Tensor:
        """x0 (B, T, C) of xt (B, T, C), t (B,), speech (B, T, W) from the tower or `unheard`, and style vectors.

        Kept values enter clean, with a flag (3DiFACE's head model), so that the motion bends towards them.
        """
        condition = functional.silu(self.time(t) + style)
        speech = speech.expand(len(xt), xt.shape[1], -1)
        x = self.enter(torch.cat([*region.denoiser_input(xt), speech], dim=2))
        return self.leave(self.network(x, condition))


def _network(config: DenoiserConfig, condition: int) -> UNet | ConvNet | LocalTransformer:
    match config.network:
        case "unet":
            return UNet(config.width, condition, config.levels, config.dropout)
        case "convnet":
            return ConvNet(config.width, condition, config.dilations, config.dropout)
        case "transformer":
            return LocalTransformer(config.width, condition, config.depth, config.window, config.dropout)
    raise ValueError(f"network must be unet, convnet or transformer. Got {config.network}.")
