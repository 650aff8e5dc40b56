"""Amplitude correction of a fine-tuned style: its takes must not move more than the training data.

The denoiser is trained on single steps. A take has several steps with guidance, each based on the previous output, so
that a larger amplitude of the trained output layer accumulates. Therefore mean and deviation of each channel over takes
are measured, and its row of the output layer is corrected in several rounds. No amplitude is increased: the missing
motion is not predictable from the audio, so scaling would amplify guesses (measured: docs/research/personalise.md).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..learning.mean_performance import MAX_SEQUENCE_ROWS
from ..learning.sequence import TrainingSequence
from ..model.models import Models
from ..model.motion_denoiser import MotionDenoiser
from ..types import AudioSection, Float32Array, GenerateRequest, Style

ROUNDS, CORRECTION_SHARE = 5, 0.5
"""Rounds of measurement, and share of the difference that each round corrects."""
MIN_DEVIATION = 0.02
"""Deviation below which a weight counts as constant: only its mean is corrected."""
MIN_GAIN = 0.5
"""Smallest factor on a channel's amplitude over all rounds."""
MAX_MEASURED_ROWS = 3600
"""Rows of training data that are compared: two minutes."""


def sample_take(denoiser: MotionDenoiser, sequence: TrainingSequence, seed: int = 0) -> Float32Array:
    """Return weights (T, C) of a take of a sequence's audio and style with default settings, T <= MAX_SEQUENCE_ROWS."""
    request = GenerateRequest(AudioSection(Path()), ("face",), seed=seed, style=Style.named(sequence.style))
    features = sequence.features[:MAX_SEQUENCE_ROWS].astype(np.float32)
    return np.clip(Models({"face": denoiser}, "").sample(features, request).values, 0, 1)


def limit_amplitude(
    denoiser: MotionDenoiser, sequences: list[TrainingSequence], on_round: Callable[[], None] = lambda: None
) -> MotionDenoiser:
    """Return the denoiser with an output layer whose takes approach the training data's mean, at most its deviation.

    Args:
        denoiser: A fine-tuned denoiser.
        sequences: Its training data.
        on_round: Called before every round; may raise to cancel.
    """
    first_rows = np.cumsum([0, *(len(one.values) for one in sequences[:-1])])
    sequences = [one for one, first in zip(sequences, first_rows, strict=True) if first < MAX_MEASURED_ROWS]
    limited, scale = denoiser, denoiser.scale
    target = np.concatenate([one.values[:MAX_SEQUENCE_ROWS].astype(np.float32) for one in sequences])
    known = np.any([one.known for one in sequences], axis=0)
    total_gain = np.ones(len(known), np.float32)
    for _ in range(ROUNDS):
        on_round()
        takes = np.concatenate([sample_take(limited, one) for one in sequences])
        gain = np.where(known, _gain(target.std(axis=0), takes.std(axis=0)), 1.0)
        gain = np.clip(total_gain * gain, MIN_GAIN, 1) / total_gain
        total_gain *= gain
        offset = np.where(known, CORRECTION_SHARE * (target.mean(axis=0) - takes.mean(axis=0)), 0.0)
        # Scale about the mean of the takes, in the denoiser's units.
        shift = ((1 - gain) * (takes.mean(axis=0) - scale.mean) + offset) / scale.deviation
        factor, bias = (array.astype(np.float32) for array in (gain, shift))
        limited = limited.with_output_offsets(
            (factor[:, None] - 1) * limited.output_weight, (factor - 1) * limited.output_bias + bias
        )
    return limited


def _gain(target: Float32Array, actual: Float32Array) -> Float32Array:
    """Return the factor of one round on the amplitude of each channel."""
    moves = (target > MIN_DEVIATION) & (actual > MIN_DEVIATION)
    return np.where(moves, (target / np.where(moves, actual, 1)) ** CORRECTION_SHARE, 1.0)
