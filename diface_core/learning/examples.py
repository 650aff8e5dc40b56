"""Examples of a training: random windows of the sequences, with random masks, dropout and noise. numpy only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .. import channels
from ..audio.speech_encoder import MEL, SPEECH
from ..model.motion_denoiser import MotionDenoiser
from ..types import BoolArray, Float32Array
from .objective import ObjectiveConfig
from .random_masks import add_bumps, draw_mask
from .sequence import TrainingSequence


class Examples(NamedTuple):
    """Examples in the denoiser's units.

    Attributes:
        x0: Motion (B, T, C).
        features: Audio features (B, T, D).
        weight: Weight of the loss (B, T, C), 0 where the motion is unknown.
        mask: (B, T, C) True where x0 is known to the denoiser.
        style: Index of the style (B,), -1 without style conditioning.
        has_audio: (B,) False without audio conditioning.
        t: Diffusion time (B,).
        noise: Noise (B, T, C).
    """

    x0: np.ndarray
    features: np.ndarray
    weight: np.ndarray
    mask: np.ndarray
    style: np.ndarray
    has_audio: np.ndarray
    t: np.ndarray
    noise: np.ndarray


@dataclass(frozen=True)
class ExampleUnits:
    """What examples depend on of a denoiser.

    Attributes:
        channels: Names of the channels.
        styles: Names of the styles.
        columns: The columns of the features that it reads.
        mean: (C,) of the channels.
        deviation: (C,).
        feature_mean: (D,) of those columns.
        feature_deviation: (D,).
    """

    channels: tuple[str, ...]
    styles: tuple[str, ...]
    columns: slice
    mean: Float32Array
    deviation: Float32Array
    feature_mean: Float32Array
    feature_deviation: Float32Array

    @classmethod
    def of_denoiser(cls, denoiser: MotionDenoiser) -> ExampleUnits:
        """Return the units of a denoiser."""
        config, scale, features = denoiser.config, denoiser.scale, denoiser.feature_scale
        columns = slice(*config.features)
        return cls(config.channels, config.styles, columns, scale.mean, scale.deviation, *features)


class ExampleSampler:
    """Sampler of random windows of the sequences.

    Sequences are drawn with a probability proportional to their length. Short ones are padded, with weight 0 there.
    Every example has a separate stream of random numbers, seeded by its step and number. Therefore an interrupted
    training continues exactly, and training on one process or several is the same.
    """

    def __init__(self, sequences: list[TrainingSequence], units: ExampleUnits, config: ObjectiveConfig) -> None:
        self.sequences, self.config = sequences, config
        self.channel_names, self.styles, self.columns = units.channels, units.styles, units.columns
        lengths = np.array([len(s.values) for s in sequences], np.float64)
        self.cumulative_shares = np.cumsum(lengths / lengths.sum())
        self.mean, self.deviation = units.mean, units.deviation
        self.feature_mean, self.feature_deviation = units.feature_mean, units.feature_deviation

    def draw_examples(self, step: int, numbers: Iterable[int]) -> Examples:
        """Return the examples of these numbers in a step."""
        drawn = [self._draw_example(np.random.default_rng([self.config.seed, step, number])) for number in numbers]
        return Examples(*(np.stack(field) for field in zip(*drawn, strict=True)))

    def _draw_example(self, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        sequence = self.sequences[
            min(int(np.searchsorted(self.cumulative_shares, rng.random())), len(self.sequences) - 1)
        ]
        values, features, weight = self._random_window(sequence, rng)
        mask = np.zeros(values.shape, bool)
        if rng.random() < self.config.masks.share:
            mask = draw_mask(len(values), self.channel_names, rng) & (weight > 0)
            if mask.any() and rng.random() < self.config.masks.warped:
                values = self._warp_to_keys(values, mask, rng)
        x0 = (values - self.mean) / self.deviation * (weight > 0)

        # One draw decides in turn: drop both, drop the audio, drop the style, or keep both.
        chance, style = rng.random(), self.styles.index(sequence.style)
        drop_both, drop_audio = self.config.joint_dropout, self.config.joint_dropout + self.config.audio_dropout
        recorded = bool(np.isfinite(features).all())
        has_audio = recorded and chance >= drop_audio
        if chance < drop_both or drop_audio <= chance < drop_audio + self.config.style_dropout:
            style = -1
        features = self._augment_features(features if recorded else np.nan_to_num(features), rng)

        # More times near 1, where the audio determines the motion; some at exactly 1, for samplers of one step.
        t = 1.0 if self.config.regression or rng.random() < self.config.pure_noise_share else rng.random() ** 0.7
        noise = rng.standard_normal(x0.shape, np.float32) * (not self.config.regression)
        example = x0.astype(np.float32), features, weight, mask, style, has_audio, np.float32(t)
        return tuple(map(np.asarray, (*example, noise.astype(np.float32))))

    def _random_window(
        self, sequence: TrainingSequence, rng: np.random.Generator
    ) -> tuple[Float32Array, Float32Array, Float32Array]:
        """Return values (rows, C), features (rows, D) and weight (rows, C) from a random row on."""
        rows = self.config.rows
        first = int(rng.integers(0, max(1, len(sequence.values) - rows + 1)))
        window = slice(first, first + rows)
        values, features = sequence.values[window].astype(np.float32), sequence.features[window].astype(np.float32)
        weight = np.repeat(sequence.known[None].astype(np.float32), len(values), 0)
        if len(values) == rows:
            return values, features, weight
        missing = ((0, rows - len(values)), (0, 0))
        return np.pad(values, missing, "edge"), np.pad(features, missing, "edge"), np.pad(weight, missing)

    def _warp_to_keys(self, values: Float32Array, mask: BoolArray, rng: np.random.Generator) -> Float32Array:
        """Return the example warped to keys that were not recorded; face weights stay in 0 to 1 or their old range."""
        warped = add_bumps(values, mask, self.deviation * self.config.masks.warp_size, rng)
        low = np.where(np.isin(self.channel_names, channels.HEAD), -np.inf, np.minimum(values, 0.0))
        high = np.where(np.isin(self.channel_names, channels.HEAD), np.inf, np.maximum(values, 1.0))
        return np.clip(warped, low, high).astype(np.float32)

    def _augment_features(self, features: Float32Array, rng: np.random.Generator) -> Float32Array:
        """Return features (T, D) with noise, and with some columns replaced by their mean."""
        inputs = features[:, self.columns]
        if self.config.feature_noise:
            noise = rng.standard_normal(inputs.shape, np.float32)
            level = rng.random(dtype=np.float32) if self.config.feature_noise_varies else np.float32(1.0)
            inputs = inputs + self.config.feature_noise * level * self.feature_deviation * noise
        if self.config.feature_dropout:
            inputs = np.where(rng.random(inputs.shape[1]) < self.config.feature_dropout, self.feature_mean, inputs)
        augmented = features.copy()
        augmented[:, self.columns] = inputs
        if self.config.audio_stream_dropout and rng.random() < self.config.audio_stream_dropout:
            stream = SPEECH if rng.random() < 0.75 else MEL
            augmented[:, stream] = self.feature_mean[stream]
        return augmented
