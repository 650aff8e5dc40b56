"""Baselines: the mean, loudness, and ridge regression on the same features."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ... import channels
from ...audio.feature_cache import FeatureCache, audio_key
from ...audio.speech_encoder import LOUDNESS, SAMPLE_RATE, SpeechEncoder
from ...model import lip_closure
from ...types import AudioClip, Float32Array
from .. import metrics
from ..corpora import Clip, seal_lips

Predict = Callable[[Float32Array], Float32Array]
"""Features (T, D) -> face weights (T, 52)."""

PENALTIES = (1e1, 1e2, 1e3, 1e4)


@dataclass(frozen=True)
class EncodedClip:
    """A clip and its features, computed from the clip alone."""

    clip: Clip
    features: Float32Array


def encode_clips(clips: list[Clip], encoder: SpeechEncoder, cache: Path) -> list[EncodedClip]:
    """Return the features of every clip, computed from that clip alone, as for a user who loads only that clip."""
    feature_cache = FeatureCache(cache)

    def features(clip: Clip) -> Float32Array:
        sound = AudioClip(clip.samples, SAMPLE_RATE)
        key = audio_key(sound, encoder.hash)
        return feature_cache.get_or_put(key, lambda: encoder.encode(sound))

    return [EncodedClip(clip, features(clip)) for clip in tqdm(clips, desc="hearing", unit="clip")]


def constant_mean(train: list[EncodedClip]) -> Predict:
    """Return a predictor of the mean of all rows of the training clips, which never moves."""
    mean = np.concatenate([h.clip.values for h in train]).mean(axis=0)
    return lambda features: np.repeat(mean[None], len(features), axis=0)


def mean_track(train: list[EncodedClip]) -> Predict:
    """Return a predictor of the row-by-row mean of the training clips: motion without information from the sound."""
    longest = max(len(h.clip.values) for h in train)
    total, count = np.zeros((longest, len(channels.FACE))), np.zeros((longest, 1))
    for h in train:
        total[: len(h.clip.values)] += h.clip.values
        count[: len(h.clip.values)] += 1
    track = (total / count).astype(np.float32)
    return lambda features: track[np.minimum(np.arange(len(features)), longest - 1)]


def loudness_to_jaw(train: list[EncodedClip]) -> Predict:
    """Return a predictor that opens the jaw in proportion to loudness; nothing else moves."""
    x = np.concatenate([h.features[:, LOUDNESS] for h in train])
    slope, rest = np.polyfit(x, np.concatenate([metrics.column(h.clip.values, "jawOpen") for h in train]), 1)

    def predict(features: Float32Array) -> Float32Array:
        values = np.zeros((len(features), len(channels.FACE)), np.float32)
        values[:, channels.FACE.index("jawOpen")] = slope * features[:, LOUDNESS] + rest
        return values

    return predict


def ridge(train: list[EncodedClip]) -> Predict:
    """Fit ridge regression from a row of features to the weights.

    The penalty is selected on every eighth training clip. Channels that a clip's corpus does not know count as at rest.
    """
    folds = [[h for i, h in enumerate(train) if (i % 8 == 0) == checked] for checked in (False, True)]

    def fit(clips: list[EncodedClip], penalty: float) -> Predict:
        x = np.concatenate([h.features for h in clips]).astype(np.float64)
        y = np.concatenate([h.clip.values for h in clips]).astype(np.float64)
        mean, deviation, rest = x.mean(0), x.std(0) + 1e-6, y.mean(0)
        x = (x - mean) / deviation
        weights = np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ (y - rest))

        def predict(features: Float32Array) -> Float32Array:
            return (((features - mean) / deviation) @ weights + rest).astype(np.float32)

        return predict

    def error(penalty: float) -> float:
        predict = fit(folds[0], penalty)
        wrong = [((predict(h.features) - h.clip.values)[:, h.clip.known] ** 2).mean() for h in folds[1]]
        return float(np.mean(wrong))

    return fit(train, min(PENALTIES, key=error))


def ridge_with_sealed_lips(train: list[EncodedClip]) -> Predict:
    """Fit the ridge with sealed labels and lips that never intersect, as DiFACE has besides the network."""
    predict = ridge([dataclasses.replace(h, clip=seal_lips(h.clip)) for h in train])
    return lambda features: lip_closure.separate_lips(predict(features))


def baselines(train: list[EncodedClip]) -> dict[str, Predict]:
    """Return all baselines, fitted to the training clips, by their name in the tables."""
    return {
        "constant mean": constant_mean(train),
        "mean track, no sound": mean_track(train),
        "loudness to jaw": loudness_to_jaw(train),
        "ridge on the features": ridge(train),
        "ridge, our labels and lips": ridge_with_sealed_lips(train),
    }
