"""Features without what is a voice's alone: normalised over all clips of a speaker, or over one clip."""

from __future__ import annotations

import numpy as np

from ....types import AnyFloatArray, Float32Array
from ...corpora import Clip

SPEECH_LEVEL = -1.5
"""Loudness of the last column above which a row is speech (30 dB below speech level)."""
FLOOR = 1e-3
"""Added to deviations."""
FEWEST = 10
"""Rows of speech below which all rows of a clip count."""


def standardise_voices(clips: list[Clip], features: list[Float32Array]) -> list[Float32Array]:
    """Return the features with mean 0 and deviation 1 over all clips of each speaker, held out or not."""
    speakers = [clip.speaker or clip.source for clip in clips]
    scaled: list[Float32Array] = [np.empty(0, np.float32)] * len(clips)
    for speaker in set(speakers):
        indices = [index for index, name in enumerate(speakers) if name == speaker]
        rows = np.concatenate([features[index] for index in indices]).astype(np.float64)
        mean, deviation = rows.mean(0), rows.std(0) + FLOOR
        for index in indices:
            scaled[index] = ((features[index] - mean) / deviation).astype(np.float32)
    return scaled


def standardise_clips(features: list[Float32Array], prior_rows: float) -> list[Float32Array]:
    """Return the features with the mean and deviation of the speech in each clip taken out, but for the loudness.

    A short clip says little about its voice: its statistics are mixed with those of all clips, which count as
    `prior_rows` rows of it.

    Args:
        features: (T, D) of each clip; the last column is the loudness.
        prior_rows: Weight of all clips' statistics, in rows.
    """
    everyone = np.concatenate([_speech(rows) for rows in features])
    mean, deviation = everyone.mean(0), everyone.std(0) + FLOOR
    return [_standardise_clip(rows, mean, deviation, prior_rows) for rows in features]


def _standardise_clip(
    rows: Float32Array, mean: AnyFloatArray, deviation: AnyFloatArray, prior_rows: float
) -> Float32Array:
    speech = _speech(rows)
    share = len(speech) / (len(speech) + prior_rows)
    clip_mean = share * speech.mean(0) + (1 - share) * mean
    clip_deviation = (speech.std(0) + FLOOR) ** share * deviation ** (1 - share)
    scaled = (rows - clip_mean) / clip_deviation * deviation + mean
    scaled[:, -1] = rows[:, -1]
    return scaled.astype(np.float32)


def _speech(rows: Float32Array) -> Float32Array:
    """Return the rows at speech level, or all if there are hardly any."""
    loud = rows[:, -1] > SPEECH_LEVEL
    return rows[loud] if loud.sum() >= FEWEST else rows
