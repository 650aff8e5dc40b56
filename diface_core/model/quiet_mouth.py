"""A mouth that rests where nobody speaks: it opens less, the further the sound is below the level of the speech.

A network that has not met a voice or a room leaves the lips apart in its pauses. How loud a row is needs no
training (docs/research/generalisation.md).
"""

from __future__ import annotations

import numpy as np

from ..inference.channel_scale import ChannelScale
from ..types import Float32Array
from . import lip_closure

QUIET = -1.2
"""Loudness (0: speech level, 1: 20 dB) below which a row is quiet: 24 dB below the speech."""
RATE = 2.0
"""How fast the opening decreases below that: to a seventh at 20 dB less."""
SMOOTHING = np.array([0.06, 0.24, 0.4, 0.24, 0.06], np.float32)
"""Weights of neighbouring rows: about a Gauss function whose deviation is a row."""

OPENERS = np.array([lip_closure.JAW_OPEN, lip_closure.MOUTH_CLOSE, *lip_closure.LIP_OPENERS])
"""Columns of the channels that open the mouth. mouthClose belongs to them: lips that are shut stay shut."""


def openness(loudness: Float32Array) -> Float32Array:
    """Return the factor (T,) on the opening of the mouth, 0 to 1, for the loudness (T,) of rows."""
    reach = len(SMOOTHING) // 2
    smooth = np.convolve(np.pad(np.maximum(loudness, -3.0), reach, "edge"), SMOOTHING, "valid")
    return np.exp(RATE * np.minimum(smooth - QUIET, 0.0)).astype(np.float32)


def rest_where_quiet(x0: Float32Array, factor: Float32Array, scale: ChannelScale) -> Float32Array:
    """Return a prediction (..., T, 52) with the mouth's opening scaled by `factor` (..., T).

    Args:
        x0: Face channels in the denoiser's units; those that do not open the mouth are kept to the bit.
        factor: 0 to 1.
        scale: The units.
    """
    columns = OPENERS[scale.known[OPENERS] > 0]
    shut = -scale.mean[columns] / scale.deviation[columns]
    rested = x0.copy()
    rested[..., columns] += (1.0 - factor[..., None]) * (shut - x0[..., columns])
    return rested
