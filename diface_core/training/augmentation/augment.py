"""Other voices, rooms and lines out of one recording; the Motion goes along wherever the time changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy import signal

from ...audio.speech_encoder import RATE
from ...types import MODEL_RATE, FloatArray
from . import noises, voice_change

RECIPE = 2
"""Counts up when the same Voice begins to sound otherwise: part of the key of what is cached."""


@dataclass(frozen=True)
class Variety:
    """How far the voices that `draw` draws may go.

    unvaried: share of those that keep their speed, pitch and formants. tape: share of the others whose speed, pitch and
    formants move together, as a tape does. speed: twentieths, first and last. pitch: semitones either way.
    formants: length of the vocal tract, either way (0.15 covers the step from a man's to a woman's).
    tilt: dB an octave. noisy, roomy, coded: shares. noise: dB below the speech, least and most. level: dB down.
    """

    unvaried: float = 0.33
    tape: float = 0.4
    speed: tuple[int, int] = (16, 26)
    pitch: float = 4.0
    formants: float = 0.15
    tilt: float = 3.0
    noisy: float = 0.6
    noise: tuple[float, float] = (20.0, 60.0)
    roomy: float = 0.5
    coded: float = 0.25
    level: float = 30.0


@dataclass(frozen=True)
class Voice:
    """How a recording is varied.

    speed: twentieths of the original's. pitch, formants: factors on the original's. tilt: dB an octave.
    noise: of which kind, "" for none; noise_level: against the speech, as room's. room: level of the echoes.
    codec: the line that it went through, "" for none. level: factor on the whole.
    """

    speed: int = 20
    pitch: float = 1.0
    formants: float = 1.0
    tilt: float = 0.0
    noise: str = ""
    noise_level: float = 0.0
    room: float = 0.0
    codec: str = ""
    level: float = 1.0


def draw(rng: np.random.Generator, variety: Variety | None = None) -> Voice:
    """A voice at random."""
    v = variety or Variety()
    speed, pitch, formants = 20, 1.0, 1.0
    if rng.random() >= v.unvaried:
        speed = int(rng.integers(v.speed[0], v.speed[1] + 1))
        pitch = formants = speed / 20
        if rng.random() >= v.tape:
            pitch = float(2 ** (rng.uniform(-v.pitch, v.pitch) / 12))
            formants = float((1 + v.formants) ** rng.uniform(-1, 1))
    noisy, coded = rng.random() < v.noisy, rng.random() < v.coded
    return Voice(
        speed, pitch, formants,
        tilt=float(rng.uniform(-v.tilt, v.tilt)),
        noise=str(rng.choice(sorted(noises.NOISES))) if noisy else "",
        noise_level=float(10 ** (-rng.uniform(*v.noise) / 20)) if noisy else 0.0,
        room=float(rng.uniform(0, 0.3)) if rng.random() < v.roomy else 0.0,
        codec=str(rng.choice(sorted(noises.CODECS))) if coded else "",
        level=float(10 ** (-rng.uniform(0, v.level) / 20)),
    )  # fmt: skip


def vary(samples: FloatArray, voice: Voice, rng: np.random.Generator, others: Sequence[FloatArray] = ()) -> FloatArray:
    """`samples` (N,) at 16 kHz in another voice, about N * 20 / speed long. Babble is made of `others`, (N,) each."""
    samples = _spoken(samples, voice)
    if voice.tilt:
        pole = 1 - 2 ** (-abs(voice.tilt) / 3)
        low = np.asarray(signal.lfilter([1 - pole], [1, -pole], samples))
        samples = low if voice.tilt < 0 else 2 * samples - low
    if voice.room:
        samples = noises.room(samples, voice.room, rng)
    if voice.noise:
        noise = noises.NOISES[voice.noise](len(samples), rng, others)
        samples = samples + noise * voice.noise_level * noises.speech_level(samples)
    if voice.codec:
        samples = noises.CODECS[voice.codec](samples)
    return np.asarray(samples * voice.level, np.float32)


def _spoken(samples: FloatArray, voice: Voice) -> FloatArray:
    """The same words at another speed, pitch and length of the vocal tract."""
    ratio = Fraction(voice.pitch).limit_denominator(40)
    length = -(-len(samples) * 20 // voice.speed)
    if ratio != 1:
        samples = np.asarray(signal.resample_poly(samples, ratio.denominator, ratio.numerator), np.float32)
    # Pitch, formants and speed have all gone up by the ratio: what each wants beyond that comes now.
    samples = voice_change.stretched(samples, length)
    return voice_change.warped(samples, voice.formants / float(ratio))


def vary_motion(values: FloatArray, voice: Voice, samples: int) -> FloatArray:
    """The Motion rows (T, C) that go with a varied sound of so many samples: the same way, at its speed."""
    rows = MODEL_RATE.rows(samples / RATE)
    if voice.speed == 20 and rows == len(values):
        return values
    at = np.minimum(np.arange(rows) * voice.speed / 20, len(values) - 1)
    below = np.minimum(at.astype(int), len(values) - 2)
    part = (at - below).astype(np.float32)[:, None]
    return values[below] * (1 - part) + values[below + 1] * part
