"""The denoiser: a 1D convolutional U-Net over time that predicts x0 from xt and the speech (3DiFACE, section 3.2)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..diffusion.constraints import Kept
from .blocks import Double, Halve, ResidualBlock, TemporalConv, TimeEmbedding


@dataclass(frozen=True)
class DenoiserConfig:
    """The shape of a denoiser.

    channels: what it moves, in order. features: first and last + 1 column of a feature row that it hears.
    styles: names of the trained styles, the first the default.
    width: of the U-Net at full rate; levels: widths' factors at each halving of the rate.
    audio_width, audio_dilations: of the tower that reads the features, one block a dilation.
    """

    channels: tuple[str, ...]
    features: tuple[int, int]
    styles: tuple[str, ...]
    width: int = 128
    levels: tuple[int, ...] = (1, 2, 2)
    audio_width: int = 192
    audio_dilations: tuple[int, ...] = (1, 2, 4, 8)
    dropout: float = 0.0

    @property
    def stride(self) -> int:
        """Rows must be a multiple of this; `Denoiser` pads and crops by itself."""
        return 2 ** (len(self.levels) - 1)


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
        widths = [config.width * factor for factor in config.levels]
        steps = list(pairwise(widths))
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("deviation", torch.ones(channels))
        self.register_buffer("known", torch.ones(channels))

        self.speech = SpeechTower(config)
        self.time = TimeEmbedding(condition)
        self.style = nn.Embedding(len(config.styles), condition)
        nn.init.normal_(self.style.weight, std=0.1)
        self.enter = TemporalConv(2 * channels + config.audio_width, config.width)
        self.descend = nn.ModuleList(ResidualBlock(w, condition, dropout=config.dropout) for w in widths)
        self.shrink = nn.ModuleList(Halve(high, low) for high, low in steps)
        self.middle = ResidualBlock(widths[-1], condition, 2, config.dropout)
        self.grow = nn.ModuleList(Double(low, high) for high, low in steps)
        self.join = nn.ModuleList(nn.Linear(2 * high, high) for high, _ in steps)
        self.ascend = nn.ModuleList(ResidualBlock(high, condition, dropout=config.dropout) for high, _ in steps)
        self.leave = nn.Sequential(nn.LayerNorm(config.width), nn.SiLU(), nn.Linear(config.width, channels))

    @property
    def device(self) -> torch.device:
        """Where the weights are, and xt, speech and style have to be."""
        return self.get_buffer("mean").device

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

    def forward(self, xt: Tensor, t: Tensor, speech: Tensor, style: Tensor, kept: Kept) -> Tensor:
        """x0 (B, T, C) of xt (B, T, C), t (B,), speech (B, T, W) from the tower or `unheard`, and style vectors.

        Kept values enter clean, with a flag (3DiFACE's head model), so that the motion bends towards them.
        """
        rows = xt.shape[1]
        condition = functional.silu(self.time(t) + style)
        x = torch.cat([kept.impose(xt), kept.keep.to(xt.dtype), speech.expand(len(xt), rows, -1)], dim=2)
        x = self.enter(functional.pad(x, (0, 0, 0, -rows % self.config.stride)))

        skips = []
        for block, shrink in zip(self.descend, self.shrink, strict=False):
            skips.append(block(x, condition))
            x = shrink(skips[-1])
        x = self.middle(self.descend[-1](x, condition), condition)
        for level in reversed(range(len(self.grow))):
            x = self.join[level](torch.cat([self.grow[level](x), skips[level]], dim=2))
            x = self.ascend[level](x, condition)
        return self.leave(x)[:, :rows]
