"""The class of a sound: speech, a laugh, a cough, a breath, or another sound, for each row of speech features.

A linear classifier on the features that the face model has anyway. Its weights are fitted by
`training.other_sounds.fit`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from ...audio.speech_encoder import BANDS
from ...errors import ModelError
from ...types import MODEL_RATE, AnyFloatArray, Float32Array

CLASSES = ("speech", "laugh", "cough", "breath", "other")
"""What a row may be part of. "other" is everything without a voice: music, noise, knocks, silence."""
SPEECH, LAUGH, COUGH, BREATH, OTHER = range(len(CLASSES))

WEIGHTS = Path(__file__).parents[2] / "weights" / "sounds.safetensors"

NEAR, AROUND = 6, 15
"""Rows on either side over which a feature is averaged (0.4 s in all), and over which its changes count (1 s)."""
MODULATION = (3.0, 4.0, 5.0, 6.0, 7.0)
"""Hz: laughs have 4 to 6 bursts a second (Bachorowski, Smoski & Owren 2001)."""
SMOOTHING = 4
"""Rows on either side over which log probabilities are averaged."""
CONTEXT = AROUND + SMOOTHING
"""Rows on either side that the probabilities of a row depend on."""


@dataclass(frozen=True)
class SoundClassifier:
    """A softmax regression.

    Attributes:
        mean: (F,) of the summaries in the training data.
        scale: (F,) their deviations.
        weights: (F, K) for each of CLASSES.
        bias: (K,).
    """

    mean: Float32Array
    scale: Float32Array
    weights: Float32Array
    bias: Float32Array

    def save(self, path: Path = WEIGHTS) -> None:
        """Write the file."""
        save_file({name: np.ascontiguousarray(array, np.float32) for name, array in vars(self).items()}, path)

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> SoundClassifier:
        """Read the file. Raises ModelError if it is missing or damaged."""
        try:
            return cls(**load_file(path))
        except (OSError, SafetensorError, TypeError) as damage:
            raise ModelError(f"{path.name} cannot be read.", "Install DiFACE again.") from damage

    @property
    def hash(self) -> str:
        """Return the hash (hex) of its arrays."""
        digest = hashlib.sha256()
        for name, array in sorted(vars(self).items()):
            digest.update(name.encode() + np.ascontiguousarray(array, np.float32).tobytes())
        return digest.hexdigest()

    def probabilities(self, features: Float32Array) -> Float32Array:
        """Return the probabilities (T, K) of feature rows (T, D)."""
        scores = (summaries(features) - self.mean) / self.scale @ self.weights + self.bias
        scores = _box_mean(scores, SMOOTHING)
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        return (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)


def summaries(features: Float32Array) -> Float32Array:
    """Return what the classifier sees of feature rows (T, D), as (T, F).

    Means of the encoder's output and the mel bands nearby; how much mel bands and loudness change around; and how much
    of the loudness's change has the frequencies of laughs.
    """
    encoded, mel, loudness = np.split(features, (-BANDS - 1, -1), axis=1)
    changing = np.concatenate([mel, loudness], axis=1)
    mean = _box_mean(changing, AROUND)
    deviation = np.sqrt(np.maximum(_box_mean(changing**2, AROUND) - mean**2, 0))
    return np.concatenate(
        [
            _box_mean(np.concatenate([encoded, changing], axis=1), NEAR),
            deviation,
            loudness - mean[:, -1:],
            _modulation(loudness[:, 0] - mean[:, -1]) / (deviation[:, -1:] + 0.1),
        ],
        axis=1,
    ).astype(np.float32)


def _box_mean(values: AnyFloatArray, reach: int) -> AnyFloatArray:
    """Return the mean (T, C) over `reach` rows on either side; the first and the last row are repeated."""
    padded = np.pad(values.astype(np.float64), ((reach + 1, reach), (0, 0)), mode="edge")
    sums = np.cumsum(padded, axis=0)
    return (sums[2 * reach + 1 :] - sums[: -2 * reach - 1]) / (2 * reach + 1)


def _modulation(loudness: AnyFloatArray) -> AnyFloatArray:
    """Return the modulation of loudness (T,) at each frequency of MODULATION around each row, (T, 5)."""
    at = np.arange(-AROUND, AROUND + 1) / MODEL_RATE.value
    window = np.hanning(len(at) + 2)[1:-1]
    window /= window.sum()
    padded = np.pad(loudness, AROUND, mode="edge")
    spectrum = [
        np.abs(np.convolve(padded, window * np.exp(2j * np.pi * hertz * at), mode="valid")) for hertz in MODULATION
    ]
    return np.stack(spectrum, axis=1)
