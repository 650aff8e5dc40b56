"""Training examples with coupled noise and motion: the denoiser learns which motion the prior draws from which noise.

A denoiser trained on independent noise predicts the mean of all motions at t = 1, which for a head is no motion, and
needs many steps to leave it. Trained on coupled pairs, as in the second round of rectified flow (Liu et al. 2023, "Flow
Straight and Fast", section 2.2), with the prior instead of a first model, it predicts one motion at every t: one step
then gives what fifty give.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve

from ...learning.batches import BatchSampler
from ...learning.random_masks import draw_mask
from ...learning.sequence import TrainingSequence
from ...networks.denoiser import Denoiser
from ...types import BoolArray
from ..settings import TrainConfig
from .head_sequences import PriorSequence

AnyFloatArray = npt.NDArray[np.floating]

KERNEL_ROWS = 12.0
"""Length scale of the kernel in rows: how far a key influences the motion."""


def warp_through_keys(motion: AnyFloatArray, targets: AnyFloatArray, mask: BoolArray) -> AnyFloatArray:
    """Return `motion` (T, C) warped so that it equals `targets` (T, C) where `mask` (T, C).

    The differences at the keys are interpolated by a Gaussian process with a Matern kernel (3/2), channel by channel.
    For a Gaussian motion with that kernel this is a draw given the keys (Matheron's rule; Wilson et al. 2020,
    "Efficiently sampling functions from Gaussian process posteriors", section 3).
    """
    led, rows = motion.astype(np.float64), np.arange(len(motion), dtype=np.float64)
    for pattern in {tuple(column) for column in mask.T.tolist() if any(column)}:
        at, channels = np.flatnonzero(pattern), (np.array(pattern) == mask.T).all(1)
        near = matern_kernel(rows[:, None] - rows[at])
        factor = cho_factor(near[at] + 1e-6 * np.eye(len(at)))
        led[:, channels] += near @ cho_solve(factor, (targets - motion)[np.ix_(at, channels)])
    return np.where(mask, targets, led)


def matern_kernel(lag: AnyFloatArray) -> AnyFloatArray:
    """Return Matern 3/2 over lags in rows: smooth enough that the speed is continuous at a key."""
    distance = np.sqrt(3) * np.abs(lag) / KERNEL_ROWS
    return (1 + distance) * np.exp(-distance)


def draw_few_keys(rows: int, channels: int, rng: np.random.Generator) -> BoolArray:
    """Draw a mask (rows, C) of one to three keys of all channels or of one, as an animator sets them."""
    keep = np.zeros((rows, channels), bool)
    which = slice(None) if rng.random() < 0.5 else rng.integers(channels)
    keep[rng.integers(0, rows, rng.integers(1, 4)), which] = True
    return keep


def make_sampler(sequences: list[TrainingSequence], denoiser: Denoiser, config: TrainConfig) -> BatchSampler:
    """Return a sampler with coupled noise if the sequences were drawn from a prior, else with independent noise."""
    drawn = all(isinstance(sequence, PriorSequence) for sequence in sequences)
    return (CoupledBatchSampler if drawn else BatchSampler)(sequences, denoiser, config)


class CoupledBatchSampler(BatchSampler):
    """Random segments of drawn sequences with their noise; keys are taken from another segment."""

    def _draw_example(self, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        values, features, noise = self._random_coupled_window(rng)
        (rows, width), keep = values.shape, np.zeros(values.shape, bool)
        if rng.random() < self.config.masks.share:
            keep = draw_few_keys(rows, width, rng) if rng.random() < 0.5 else draw_mask(rows, self.channel_names, rng)
            targets = values + rng.uniform(0.0, 2.0) * (self._random_coupled_window(rng)[0] - values)
            values = warp_through_keys(values, targets, keep)
        x0 = (values - self.mean) / self.deviation
        has_audio = rng.random() >= self.config.audio_dropout
        t = 1.0 if rng.random() < self.config.pure_noise_share else rng.random()
        one = (x0.astype(np.float32), features, np.ones_like(x0, np.float32), keep, 0, has_audio, np.float32(t), noise)
        return tuple(map(np.asarray, one))

    def _random_coupled_window(self, rng: np.random.Generator) -> tuple[AnyFloatArray, AnyFloatArray, AnyFloatArray]:
        """Return values (rows, C), features (rows, D) and noise (rows, C) of a random segment."""
        sequence = self.sequences[
            min(int(np.searchsorted(self.cumulative_shares, rng.random())), len(self.sequences) - 1)
        ]
        assert isinstance(sequence, PriorSequence)  # as make_sampler checked
        first = int(rng.integers(0, len(sequence.values) - self.config.rows + 1))
        part = slice(first, first + self.config.rows)
        values, features, noise = sequence.values[part], sequence.features[part], sequence.noise[part]
        return values.astype(np.float32), features.astype(np.float32), noise.astype(np.float32)
