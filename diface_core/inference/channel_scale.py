"""The units of a denoiser: (value - mean) / deviation of each channel."""

from __future__ import annotations

from dataclasses import dataclass

from ..types import Float32Array


@dataclass(frozen=True)
class ChannelScale:
    """Mean and deviation of each channel in the training data.

    Attributes:
        mean: (C,).
        deviation: (C,), positive.
        known: (C,), 1 for channels that a corpus defines, else 0.
    """

    mean: Float32Array
    deviation: Float32Array
    known: Float32Array

    def normalise(self, values: Float32Array) -> Float32Array:
        """Return channel values (..., C) in the denoiser's units."""
        return (values - self.mean) / self.deviation

    def denormalise(self, values: Float32Array) -> Float32Array:
        """Return the inverse of `normalise`; channels that no corpus defines stay at 0."""
        return (values * self.deviation + self.mean) * self.known
