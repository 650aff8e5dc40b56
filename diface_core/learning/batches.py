"""Training examples: random stretches of the sequences, and all that is left to chance about each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from .. import channels
from ..audio.speech_encoder import MEL, SPEECH
from ..learning.objective import ObjectiveConfig
from ..learning.sequence import TrainingSequence
from ..model.denoiser import Denoiser
from ..types import BoolArray, Float32Array
from .random_masks import add_bumps, draw_mask


class Batch(NamedTuple):
    """Examples in the denoiser's units.

    x0 (B, T, C); features (B, T, D); weight (B, T, C), 0 where nothing is known; keep (B, T, C), True where the artist
    gives x0; style (B,), -1 for none in particular; heard (B,), False for no speech; t (B,); noise (B, T, C).
    """

    x0: Tensor
    features: Tensor
    weight: Tensor
    mask: Tensor
    style: Tensor
    has_audio: Tensor
    t: Tensor
    noise: Tensor


class ExampleSampler:
    """Random stretches of the sequences, each as likely as it is long; short ones are padded and weigh 0 there.

    Example `number` of step `step` is always the same one: it has a stream of random numbers of its own. So a training
    goes on as if it had not been interrupted, and it is the same training on one process or on several.
    """

    def __init__(self, sequences: list[TrainingSequence], denoiser: Denoiser, config: ObjectiveConfig) -> None:
        self.sequences, self.config = sequences, config
        self.channel_names, self.styles, self.device = denoiser.config.channels, denoiser.config.styles, denoiser.device
        lengths = np.array([len(s.values) for s in sequences], np.float64)
        self.cumulative_shares = np.cumsum(lengths / lengths.sum())
        self.columns = denoiser.speech.columns
        self.mean, self.deviation = _numpy(denoiser, "mean"), _numpy(denoiser, "deviation")
        self.feature_mean, self.feature_deviation = (
            _numpy(denoiser.speech, "mean"),
            _numpy(denoiser.speech, "deviation"),
        )

    def draw(self, step: int, numbers: Iterable[int]) -> Batch:
        """The examples of these numbers in this step, on the denoiser's device."""
        return self.to_device(self.draw_on_cpu(step, numbers))

    def draw_on_cpu(self, step: int, numbers: Iterable[int]) -> Batch:
        """The same in the main memory."""
        drawn = [self._draw_example(np.random.default_rng([self.config.seed, step, number])) for number in numbers]
        return Batch(*(torch.from_numpy(np.stack(field)) for field in zip(*drawn, strict=True)))

    def to_device(self, batch: Batch) -> Batch:
        """`batch` on the denoiser's device."""
        return Batch(*(field.to(self.device, non_blocking=True) for field in batch))

    def _draw_example(self, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        sequence = self.sequences[
            min(int(np.searchsorted(self.cumulative_shares, rng.random())), len(self.sequences) - 1)
        ]
        values, features, weight = self._random_window(sequence, rng)
        keep = np.zeros(values.shape, bool)
        if rng.random() < self.config.masks.share:
            keep = draw_mask(len(values), self.channel_names, rng) & (weight > 0)
            if keep.any() and rng.random() < self.config.masks.warped:
                values = self._warp_to_keys(values, keep, rng)
        x0 = (values - self.mean) / self.deviation * (weight > 0)

        chance, style = rng.random(), self.styles.index(sequence.style)
        neither, unheard = self.config.joint_dropout, self.config.joint_dropout + self.config.audio_dropout
        recorded = bool(np.isfinite(features).all())
        heard = recorded and chance >= unheard
        style = -1 if chance < neither or unheard <= chance < unheard + self.config.style_dropout else style
        features = self._augment_features(features if recorded else np.nan_to_num(features), rng)

        # More of the times near 1, where the speech decides; some at 1, where a sampler of one step stands.
        t = 1.0 if self.config.regression or rng.random() < self.config.pure_noise_share else rng.random() ** 0.7
        noise = rng.standard_normal(x0.shape, np.float32) * (not self.config.regression)
        one = (x0.astype(np.float32), features, weight, keep, style, heard, np.float32(t), noise.astype(np.float32))
        return tuple(map(np.asarray, one))

    def _random_window(
        self, sequence: TrainingSequence, rng: np.random.Generator
    ) -> tuple[Float32Array, Float32Array, Float32Array]:
        """values (rows, C), features (rows, D) and weight (rows, C) from a random row on."""
        rows = self.config.rows
        first = int(rng.integers(0, max(1, len(sequence.values) - rows + 1)))
        part = slice(first, first + rows)
        values, features = sequence.values[part].astype(np.float32), sequence.features[part].astype(np.float32)
        weight = np.repeat(sequence.known[None].astype(np.float32), len(values), 0)
        if len(values) == rows:
            return values, features, weight
        missing = ((0, rows - len(values)), (0, 0))
        return np.pad(values, missing, "edge"), np.pad(features, missing, "edge"), np.pad(weight, missing)

    def _warp_to_keys(self, values: Float32Array, mask: BoolArray, rng: np.random.Generator) -> Float32Array:
        """The example with keys that were not recorded; face weights stay in 0 to 1, or as far as they were."""
        moved = add_bumps(values, mask, self.deviation * self.config.masks.warp_size, rng)
        low = np.where(np.isin(self.channel_names, channels.HEAD), -np.inf, np.minimum(values, 0.0))
        high = np.where(np.isin(self.channel_names, channels.HEAD), np.inf, np.maximum(values, 1.0))
        return np.clip(moved, low, high).astype(np.float32)

    def _augment_features(self, features: Float32Array, rng: np.random.Generator) -> Float32Array:
        """Features (T, D) with noise, and with some columns at their mean."""
        heard = features[:, self.columns]
        if self.config.feature_noise:
            noise = rng.standard_normal(heard.shape, np.float32)
            loud = rng.random(dtype=np.float32) if self.config.feature_noise_varies else np.float32(1.0)
            heard = heard + self.config.feature_noise * loud * self.feature_deviation * noise
        if self.config.feature_dropout:
            heard = np.where(rng.random(heard.shape[1]) < self.config.feature_dropout, self.feature_mean, heard)
        changed = features.copy()
        changed[:, self.columns] = heard
        if self.config.audio_stream_dropout and rng.random() < self.config.audio_stream_dropout:
            unheard = SPEECH if rng.random() < 0.75 else MEL
            changed[:, unheard] = self.feature_mean[unheard]
        return changed


def _numpy(module: torch.nn.Module, buffer: str) -> Float32Array:
    return module.get_buffer(buffer).cpu().numpy()
