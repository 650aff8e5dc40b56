"""What sampling needs of a denoiser, whichever library computes it."""

from __future__ import annotations

from typing import Protocol, Self

from ..inference.channel_scale import ChannelScale
from ..inference.denoiser_config import DenoiserConfig
from ..types import Float32Array


class MotionDenoiser(Protocol):
    """A denoiser from numpy to numpy: `inference.denoiser.OnnxDenoiser`, or `networks.torch_denoiser.TorchDenoiser`."""

    @property
    def device(self) -> str:
        """Return the name of the device that computes."""
        ...

    @property
    def config(self) -> DenoiserConfig:
        """Return the architecture."""
        ...

    @property
    def scale(self) -> ChannelScale:
        """Return mean and deviation of the channels."""
        ...

    @property
    def feature_scale(self) -> tuple[Float32Array, Float32Array]:
        """Return mean and deviation (D,) of the features' columns that it reads."""
        ...

    @property
    def output_weight(self) -> Float32Array:
        """Return the weight (C, width) of the last layer."""
        ...

    @property
    def output_bias(self) -> Float32Array:
        """Return the bias (C,) of the last layer."""
        ...

    @property
    def styles(self) -> Float32Array:
        """Return the vectors (S, 2 width) of the trained styles."""
        ...

    @property
    def no_speech(self) -> Float32Array:
        """Return the learnt input (W,) in place of speech."""
        ...

    @property
    def stride(self) -> int:
        """Return the rows whose multiples windows must begin at to give the result of the whole sequence."""
        ...

    @property
    def context_rows(self) -> int:
        """Return the receptive field on either side, in rows of xt, speech and known values."""
        ...

    @property
    def speech_context_rows(self) -> int:
        """Return the receptive field of the speech tower on either side, in rows of features."""
        ...

    @property
    def fingerprint(self) -> str:
        """Return the hash (hex) of the weights, by which style files name their model."""
        ...

    def encode_speech(self, features: Float32Array, /) -> Float32Array:
        """Return the speech tower's rows (1, T, W) for features (T, D)."""
        ...

    def denoise(
        self, xt: Float32Array, t: float, speech: Float32Array, style: Float32Array, flags: Float32Array, /
    ) -> Float32Array:
        """Return x0 (B, T, C) for each of B conditions, as `OnnxDenoiser.denoise`."""
        ...

    def with_output_offsets(self, weight: Float32Array, bias: Float32Array, /) -> Self:
        """Return the denoiser with offsets (C, width) and (C,) added to its last layer."""
        ...

    def with_single_style(self, name: str, vector: Float32Array, /) -> Self:
        """Return the denoiser with one style, `vector` (2 width,)."""
        ...
