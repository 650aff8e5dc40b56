"""Training sequences of the head denoiser: hours drawn from the prior, on recorded loudness."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...audio.loudness import measure_audio
from ...audio.speech_encoder import DIMENSION, LOUDNESS
from ...learning.sequence import TrainingSequence
from ...types import MODEL_RATE, Float32Array
from .. import corpora
from . import head_tracks
from .head_prior import HeadPrior

SOUND_COUNT = 160
"""Number of sounds of about a minute for which the prior draws motion."""
PHRASES_PER_SPEECH = 20
QUIET_LOUDNESS = -1.2
"""Loudness below which the ends of a recorded phrase are trimmed."""


@dataclass(frozen=True)
class PriorSequence(TrainingSequence):
    """A sequence drawn from the prior, with the `noise` (T, C) that it was computed from."""

    noise: npt.NDArray[np.floating]


def prior_sequences(data: Path, seed: int = 0) -> list[TrainingSequence]:
    """Draw the training sequences from the prior, on the loudness of the corpora in the folder `data`."""
    rng, prior, said = np.random.default_rng(seed), HeadPrior.load(), corpus_phrases(data)
    sequences: list[TrainingSequence] = []
    for number in range(SOUND_COUNT):
        loudness = (
            draw_pause_loudness(rng, rng.uniform(15, 30), draw_noise_floor(rng))
            if number % 20 == 0
            else draw_speech_loudness(said, rng)
        )
        noise = rng.standard_normal((len(loudness), 3))
        features = np.zeros((len(loudness), DIMENSION), np.float16)
        features[:, LOUDNESS] = loudness
        moved, known = prior.motion_from_noise(loudness, noise).astype(np.float16), np.ones(3, bool)
        sequences.append(PriorSequence(features, moved, known, head_tracks.HEAD_STYLE, noise.astype(np.float16)))
    return sequences


def corpus_phrases(data: Path) -> list[Float32Array]:
    """Return the loudness of the corpora's training clips, each trimmed to its first and last loud row."""
    clips = corpora.read_grid(data / "grid_s1") + corpora.read_facegood(data / "facegood")
    tracks = [measure_audio([clip.samples]).loudness for clip in clips if not corpora.is_held_out(clip)]
    loud = [np.flatnonzero(track > QUIET_LOUDNESS) for track in tracks]
    return [track[rows[0] : rows[-1] + 1] for track, rows in zip(tracks, loud, strict=True) if len(rows) > 10]


def draw_speech_loudness(phrase_loudness: list[Float32Array], rng: np.random.Generator) -> Float32Array:
    """Draw the loudness of a speech: phrases in any order and tempo, with or without pauses, over room noise."""
    quiet, tempo, parts = (
        draw_noise_floor(rng),
        rng.uniform(0.75, 1.25),
        [draw_pause_loudness(rng, rng.uniform(0.2, 2.0))],
    )
    for phrase in (phrase_loudness[i] for i in rng.integers(0, len(phrase_loudness), PHRASES_PER_SPEECH)):
        at = np.arange(0, len(phrase) - 1, tempo)
        seconds = rng.uniform(0.05, 0.2) if rng.random() < 0.5 else 0.3 + rng.exponential(0.8)
        parts += [np.interp(at, np.arange(len(phrase)), phrase), draw_pause_loudness(rng, seconds)]
    return np.maximum(np.concatenate(parts), quiet + 0.05 * rng.standard_normal(sum(map(len, parts))))


def draw_pause_loudness(rng: np.random.Generator, seconds: float, quiet: float = -3.0) -> Float32Array:
    """Draw the loudness of a pause in a room."""
    rows = MODEL_RATE.rows(seconds)
    return (quiet + 0.05 * rng.standard_normal(rows)).astype(np.float32)


def draw_noise_floor(rng: np.random.Generator) -> float:
    """Draw the noise level of a room, from an ordinary one to digital silence."""
    return float(rng.uniform(-3.0, -1.3))
