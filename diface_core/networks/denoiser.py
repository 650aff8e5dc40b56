"""The denoiser: a network over rows that predicts x0 from xt and the speech (3DiFACE, section 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..inference.denoiser_config import DenoiserConfig
from .blocks import ResidualBlock, TemporalConv, TimeEmbedding
from .convnet import ConvNet
from .transformer import LocalTransformer
from .unet import UNet


class SpeechTower(nn.Module):
    """Features (B, T, D) to (B, T, W), computed once for all steps; also holds the learnt input without speech."""

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
        """Receptive field on either side, in rows."""

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, T, W) of features (B, T, D)."""
        x = (features[..., self.columns] - self.get_buffer("mean")) / self.get_buffer("deviation")
        x = self.embed(x)
        for block in self.blocks:
            x = block(x)
        return x


class Denoiser(nn.Module):
    """(xt, t, speech, style) to x0, in normalised units: (value - mean) / deviation of each channel."""

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
        """Device of the weights, on which xt, speech and style must be."""
        return self.get_buffer("mean").device

    @property
    def stride(self) -> int:
        """Windows must begin at multiples of this to give the result of the whole sequence."""
        return self.network.stride

    @property
    def context_rows(self) -> int:
        """Receptive field on either side, in rows of xt, speech and known values."""
        return 1 + self.network.context_rows

    def normalise(self, values: Tensor) -> Tensor:
        """Return channel values (..., C) in the denoiser's units."""
        return (values - self.get_buffer("mean")) / self.get_buffer("deviation")

    def denormalise(self, values: Tensor) -> Tensor:
        """Return the inverse of `normalise`; channels that no corpus defines stay at 0."""
        return (values * self.get_buffer("deviation") + self.get_buffer("mean")) * self.get_buffer("known")

    def style_vector(self, index: Tensor) -> Tensor:
        """Return vectors (B, 2 width) of style indices (B,); -1 is neutral."""
        vector = self.style(index.clamp(min=0))
        return vector * (index >= 0)[:, None]

    @property
    def output_layer(self) -> nn.Linear:
        """The last layer: from hidden rows to channels."""
        last = self.leave[-1]
        assert isinstance(last, nn.Linear)
        return last

    def forward(self, xt: Tensor, t: Tensor, speech: Tensor, style: Tensor, flags: Tensor | None = None) -> Tensor:
        """Return x0 (B, T, C).

        Known values enter clean with a flag (as in 3DiFACE's head model), so that the motion around adapts to them.

        Args:
            xt: (B, T, C), with the known values in place.
            t: (B,).
            speech: (B, T, W) from the tower, or its learnt input without speech (W,).
            style: Style vectors (B, 2 width).
            flags: (B, T, C), 1 where a value is known, else 0; None: no value is.
        """
        condition = functional.silu(self.time(t) + style)
        speech = speech.expand(len(xt), xt.shape[1], -1)
        flags = torch.zeros_like(xt) if flags is None else flags
        x = self.enter(torch.cat([xt, flags, speech], dim=2))
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
