"""3DiFACE's two convolutional U-Nets over time, under the published state-dict names (Thambiraja et al. 2025).

Both have levels, each half as long as the finer one, and are conditioned on the speech at each. They predict x0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor, nn

from .options import NetworkConfig

if TYPE_CHECKING:  # `transformers` takes seconds to import
    from .wav2vec2 import Wav2Vec2Encoder

STEP_TABLE_ROWS = 5000
"""Rows of the table of diffusion steps."""

_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leakyrelu": lambda: nn.LeakyReLU(0.01),
    "swish": nn.SiLU,
    "sigmoid": nn.Sigmoid,
}
_NORMS: dict[str, Callable[[int], nn.Module]] = {
    "batch": lambda width: nn.BatchNorm1d(width, eps=1e-6),
    "batchfalse": lambda width: nn.BatchNorm1d(width, eps=1e-6, affine=False),
    "group": lambda width: nn.GroupNorm(32, width, eps=1e-6),
    "instance": lambda width: nn.InstanceNorm1d(width),
    "instancefalse": lambda width: nn.GroupNorm(width, width, eps=1e-6, affine=False),
    "layer": lambda width: nn.GroupNorm(1, width, eps=1e-6),
}


def activation(name: str) -> nn.Module:
    """Return an activation of options.ACTIVATIONS."""
    return _ACTIVATIONS[name]()


class PublishedSequential(nn.Module):
    """Sequential layers under the published state-dict name."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.mle_layer = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layers."""
        return self.mle_layer(x)


def frame_convolution(inputs: int, outputs: int, config: NetworkConfig) -> nn.Conv1d:
    """Return a convolution over three frames."""
    return nn.Conv1d(inputs, outputs, 3, padding=1, padding_mode=config.padding)


def downsampling_block(inputs: int, outputs: int, config: NetworkConfig) -> PublishedSequential:
    """Return layers (B, inputs, t) -> (B, outputs, t / 2)."""
    down = nn.Conv1d(inputs, outputs, 2, stride=2)
    return PublishedSequential(
        down, activation(config.activation), frame_convolution(outputs, outputs, config), activation(config.activation)
    )


def upsampling_block(inputs: int, outputs: int, config: NetworkConfig) -> PublishedSequential:
    """Return layers (B, inputs, t) -> (B, outputs, 2 t)."""
    up = nn.ConvTranspose1d(inputs, outputs, 2, stride=2)
    return PublishedSequential(
        up, activation(config.activation), frame_convolution(outputs, outputs, config), activation(config.activation)
    )


def infusion_layer(inputs: int, outputs: int, config: NetworkConfig) -> nn.Module:
    """Return layers: motion channels above speech channels (B, inputs, t) -> conditioned motion (B, outputs, t)."""
    layers: list[nn.Module] = [frame_convolution(inputs, outputs, config), activation(config.activation)]
    if config.norm:
        layers.append(_NORMS[config.norm](outputs))
    return nn.Sequential(*layers) if config.part == "face" else PublishedSequential(*layers)


class SpeechConditioning(Protocol):
    """The speech input of one infusion layer."""

    def apply(self, layers: nn.Module, motion: Tensor) -> Tensor:
        """Return an infusion's layers applied to the motion (B, ., t) and the speech."""
        ...


@dataclass(frozen=True)
class ConcatenatedSpeech:
    """The speech (B, ., t), concatenated to the motion: bit-identical to the original's sums."""

    speech: Tensor

    @classmethod
    def prepare(cls, layers: nn.Module, speech: Tensor) -> ConcatenatedSpeech:
        """Return the conditioning of an infusion's layers on the speech (B, ., t)."""
        return cls(speech)

    def apply(self, layers: nn.Module, motion: Tensor) -> Tensor:
        """Return the layers applied to motion and speech."""
        return layers(torch.cat([motion, self.speech], 1))


@dataclass(frozen=True)
class PrecomputedSpeech:
    """An infusion's linear convolution split into its motion and its speech part.

    The speech part is the same at every diffusion step, so it is computed once.

    Attributes:
        weight: Weight of the motion channels (outputs, inputs, 3).
        speech: Convolved speech (B, outputs, t), with the bias.
    """

    weight: Tensor
    speech: Tensor

    @classmethod
    def prepare(cls, layers: nn.Module, speech: Tensor) -> PrecomputedSpeech:
        """Return the conditioning of an infusion's layers on the speech (B, ., t)."""
        conv, _ = split_infusion(layers)
        motion = conv.in_channels - speech.shape[1]
        return cls(conv.weight[:, :motion].contiguous(), _convolve(conv, speech, conv.weight[:, motion:], conv.bias))

    def apply(self, layers: nn.Module, motion: Tensor) -> Tensor:
        """Return the layers applied to motion and speech."""
        conv, others = split_infusion(layers)
        x = _convolve(conv, motion, self.weight) + self.speech
        for layer in others:
            x = layer(x)
        return x


def split_infusion(layers: nn.Module) -> tuple[nn.Conv1d, list[nn.Module]]:
    """Return an infusion's convolution, and the layers after it."""
    conv, *others = (layers.mle_layer if isinstance(layers, PublishedSequential) else layers).children()
    assert isinstance(conv, nn.Conv1d)  # see infusion_layer
    return conv, others


def _convolve(conv: nn.Conv1d, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return x convolved as by `conv`, with another weight."""
    mode = "constant" if conv.padding_mode == "zeros" else conv.padding_mode
    return nn.functional.conv1d(nn.functional.pad(x, (1, 1), mode), weight, bias)


class StepTable(nn.Module):
    """Interleaved sines and cosines of every diffusion step (Vaswani et al. 2017)."""

    pe: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        rates = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
        angles = torch.arange(STEP_TABLE_ROWS)[:, None] * rates
        self.register_buffer("pe", torch.stack([angles.sin(), angles.cos()], -1).reshape(STEP_TABLE_ROWS, 1, width))


class StepEmbedding(nn.Module):
    """Embedding of diffusion steps: (B,) -> (B, width)."""

    def __init__(self, table: StepTable, width: int) -> None:
        super().__init__()
        self.sequence_pos_encoder = table
        self.time_embed = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, t: Tensor) -> Tensor:
        """Return the embedding of steps."""
        return self.time_embed(self.sequence_pos_encoder.pe[t, 0])


def speech_width(config: NetworkConfig, level: int) -> int:
    """Return the speech channels at a level: doubled per level for a face, constant for a head."""
    return config.width * (2**level if config.part == "face" else 1)


class Encoder(nn.Module):
    """The downward half of the U-Net."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        widths = [config.width * multiplier for multiplier in config.multipliers]
        self.in_embed = nn.Sequential(nn.Conv1d(config.inputs, config.width, 1), nn.SiLU())
        self.in_infuse = infusion_layer(2 * config.width, config.width, config)
        self.mle_layers = nn.ModuleList(
            downsampling_block(widths[i], widths[i + 1], config) for i in range(config.levels)
        )
        self.infusion_layers = nn.ModuleList(
            infusion_layer(widths[i] + speech_width(config, i), widths[i], config) for i in range(1, config.levels + 1)
        )
        self.PPE = StepTable(config.width)
        self.embed_timestep = StepEmbedding(self.PPE, config.width)

    @property
    def infusions(self) -> list[nn.Module]:
        """The infusion layers in the order of their use."""
        return [self.in_infuse, *self.infusion_layers]

    def forward(self, embedded: Tensor, t: Tensor, speech: Sequence[SpeechConditioning]) -> list[Tensor]:
        """Return one tensor per level; the first, from before the first infusion, is the first skip connection.

        Args:
            embedded: Motion after `in_embed`'s linear map (B, ch, T).
            t: Diffusion step (B,).
            speech: Conditioning of each of `infusions`.
        """
        embedded = self.in_embed[1](embedded)
        outputs = [embedded]
        x = speech[0].apply(self.in_infuse, embedded + self.embed_timestep(t)[:, :, None])
        for down, layers, level in zip(self.mle_layers, self.infusion_layers, speech[1:], strict=True):
            x = level.apply(layers, down(x))
            outputs.append(x)
        return outputs


class Decoder(nn.Module):
    """The upward half of the U-Net, conditioned on speech; a head's also has skip connections from the encoder."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        widths = [config.width * multiplier for multiplier in config.multipliers]
        self.adds_skips = config.part == "head"
        upwards = list(reversed(range(config.levels)))
        self.mle_layers = nn.ModuleList(upsampling_block(widths[i + 1], widths[i], config) for i in upwards)
        self.infusion_layers = nn.ModuleList(
            infusion_layer(widths[i] + speech_width(config, i), widths[i], config) for i in upwards
        )
        self.style_map = nn.Linear(config.styles, config.width, bias=False) if config.styles else None
        out = nn.Linear(config.width, config.outputs)
        final = config.final_activation
        self.out_embed = nn.Sequential(out, activation(final)) if final else out

    @property
    def infusions(self) -> list[nn.Module]:
        """The infusion layers in the order of their use."""
        return list(self.infusion_layers)

    def forward(self, encoded: list[Tensor], speech: Sequence[SpeechConditioning], style: Tensor | None) -> Tensor:
        """Return the hidden output (B, T, ch), which `out_embed` maps to the motion."""
        x, *skips = reversed(encoded)
        for up, layers, level, skip in zip(self.mle_layers, self.infusion_layers, speech, skips, strict=True):
            x = level.apply(layers, up(x))
            if self.adds_skips:
                x = x + skip
        x = x.transpose(1, 2)
        if self.style_map is not None and style is not None:
            x = x + self.style_map(style)[:, None]
        return x


class Network(nn.Module):
    """Denoiser: noisy motion (B, T, inputs), step (B,), speech (B, T, ch), style (B, styles) -> x0 (B, T, outputs)."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)

    def forward(self, x: Tensor, t: Tensor, audio_features: Tensor, style: Tensor | None = None) -> Tensor:
        """Return x0 (B, T, outputs); T must be a multiple of config.stride, and None adds no style."""
        return self.output_from_hidden(
            self.run_hidden_layers(self.embed_motion(x), t, self.speech_per_layer(audio_features), style)
        )

    def speech_per_layer(
        self,
        audio_features: Tensor,
        conditioning: type[ConcatenatedSpeech] | type[PrecomputedSpeech] = ConcatenatedSpeech,
    ) -> list[SpeechConditioning]:
        """Return the conditioning of every infusion on speech (B, T, ch), in the original's order or precomputed."""
        levels = self.speech_by_level(audio_features)
        down = map(conditioning.prepare, self.encoder.infusions, levels)
        up = map(conditioning.prepare, self.decoder.infusions, levels[-2::-1])
        return [*down, *up]

    def embed_motion(self, x: Tensor) -> Tensor:
        """Return the first linear map (B, ch, T) of x (B, T, inputs)."""
        return self.input_layer(x.transpose(1, 2))

    def run_hidden_layers(
        self, embedded: Tensor, t: Tensor, speech: list[SpeechConditioning], style: Tensor | None
    ) -> Tensor:
        """Return the hidden output (B, T, ch) of embedded motion (B, ch, T): all layers between first and last map."""
        down = len(self.encoder.infusions)
        return self.decoder(self.encoder(embedded, t, speech[:down]), speech[down:], style)

    def output_from_hidden(self, hidden: Tensor) -> Tensor:
        """Return x0 (B, T, outputs) of a hidden output (B, T, ch)."""
        return self.decoder.out_embed(hidden)

    def speech_by_level(self, audio_features: Tensor) -> list[Tensor]:
        """Return the speech (B, T, ch) at each level, (B, ., T / 2^level)."""
        raise NotImplementedError

    @property
    def input_layer(self) -> nn.Conv1d:
        """The first linear map."""
        conv = self.encoder.in_embed[0]
        assert isinstance(conv, nn.Conv1d)
        return conv

    @property
    def output_layer(self) -> nn.Linear | None:
        """The last linear map; None if an activation follows it."""
        out = self.decoder.out_embed
        return out if isinstance(out, nn.Linear) else None

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.encoder.PPE.pe.device


class HeadNetwork(Network):
    """The head network: the speech of a level is an average over its frames."""

    def speech_by_level(self, audio_features: Tensor) -> list[Tensor]:
        """Return the speech (B, T, ch) at each level, averaged: (B, ch, T / 2^level)."""
        levels = [audio_features.transpose(1, 2)]
        for _ in range(self.config.levels):
            levels.append(nn.functional.avg_pool1d(levels[-1], 2))
        return levels


class FaceNetwork(Network):
    """The face network, with its speech encoder if it has one."""

    def __init__(self, config: NetworkConfig, audio_encoder: Wav2Vec2Encoder | None = None) -> None:
        super().__init__(config)
        self.audio_encoder = audio_encoder
        hidden = audio_encoder.config.hidden_size if audio_encoder is not None else 768
        self.audio_feature_map = nn.Linear(hidden, config.width)

    def speech_by_level(self, audio_features: Tensor) -> list[Tensor]:
        """Return the speech (B, T, ch) at each level, reshaped to (B, 2^level ch, T / 2^level).

        The channels of a level are halves of the finer level in time, not neighbouring frames: the published networks
        were trained so.
        """
        batch, frames, _ = audio_features.shape
        speech = audio_features.transpose(1, 2).contiguous()
        return [speech.reshape(batch, -1, frames // 2**level) for level in range(self.config.levels + 1)]

    def encode_audio(self, waveform: Tensor, rows: int) -> Tensor:
        """Return speech features (rows, ch) of a waveform (N,) at 16 kHz.

        Raises:
            ValueError: If the network has no speech encoder.
        """
        if self.audio_encoder is None:
            raise ValueError("This face network has no speech encoder.")
        return self.audio_feature_map(self.audio_encoder(waveform, rows, self.config.dataset))
