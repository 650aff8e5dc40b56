"""What the head's denoiser is trained on: hours drawn from the prior, on real loudness."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...audio.loudness import overview
from ...audio.speech_encoder import DIMENSION, LOUDNESS
from ...types import MODEL_RATE, FloatArray
from .. import corpora
from ..dataset import Sequence
from . import head_tracks
from .head_prior import HeadPrior

SPEECHES = 160
"""Sounds of a minute or so that the prior moves to."""
PHRASES = 20
QUIET = -1.2
"""Loudness below which the ends of a recorded phrase are cut off."""


@dataclass(frozen=True)
class DrawnSequence(Sequence):
    """A sequence of the prior, with the `noise` (T, C) that it was made from."""

    noise: npt.NDArray[np.floating]


def sequences(data: Path, seed: int = 0) -> list[Sequence]:
    """The prior's hours, on loudness of the corpora in the folder `data`."""
    rng, prior, said = np.random.default_rng(seed), HeadPrior.load(), phrases(data)
    made: list[Sequence] = []
    for number in range(SPEECHES):
        heard = pause(rng, rng.uniform(15, 30), floor(rng)) if number % 20 == 0 else speech(said, rng)
        noise = rng.standard_normal((len(heard), 3))
        features = np.zeros((len(heard), DIMENSION), np.float16)
        features[:, LOUDNESS] = heard
        moved, known = prior.move(heard, noise).astype(np.float16), np.ones(3, bool)
        made.append(DrawnSequence(features, moved, known, head_tracks.STYLE, noise.astype(np.float16)))
    return made


def phrases(data: Path) -> list[FloatArray]:
    """Loudness of everything that the corpora's training clips say, from the first to the last loud row of a clip."""
    clips = corpora.grid(data / "grid_s1") + corpora.facegood(data / "facegood")
    tracks = [overview([clip.samples]).loudness for clip in clips if not corpora.held_out(clip)]
    loud = [np.flatnonzero(track > QUIET) for track in tracks]
    return [track[rows[0] : rows[-1] + 1] for track, rows in zip(tracks, loud, strict=True) if len(rows) > 10]


def speech(said: list[FloatArray], rng: np.random.Generator) -> FloatArray:
    """Loudness of a speech: phrases in any order and tempo, run together or with pauses, in a room with its noise."""
    quiet, tempo, parts = floor(rng), rng.uniform(0.75, 1.25), [pause(rng, rng.uniform(0.2, 2.0))]
    for phrase in (said[i] for i in rng.integers(0, len(said), PHRASES)):
        at = np.arange(0, len(phrase) - 1, tempo)
        seconds = rng.uniform(0.05, 0.2) if rng.random() < 0.5 else 0.3 + rng.exponential(0.8)
        parts += [np.interp(at, np.arange(len(phrase)), phrase), pause(rng, seconds)]
    return np.maximum(np.concatenate(parts), quiet + 0.05 * rng.standard_normal(sum(map(len, parts))))


def pause(rng: np.random.Generator, seconds: float, quiet: float = -3.0) -> FloatArray:
    """Loudness of a pause in a room."""
    rows = MODEL_RATE.rows(seconds)
    return (quiet + 0.05 * rng.standard_normal(rows)).astype(np.float32)


def floor(rng: np.random.Generator) -> float:
    """How quiet a room is: from an ordinary one to digital silence."""
    return float(rng.uniform(-3.0, -1.3))
