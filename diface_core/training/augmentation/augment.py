"""Other voices, rooms and lines out of one recording; the Motion goes along wherever the time changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy import signal

from ...audio.speech_encoder import SAMPLE_RATE
from ...types import MODEL_RATE, Float32Array
from . import noises, voice_change

RECIPE_VERSION = 2
"""Counts up when the same Voice begins to sound otherwise: part of the key of what is cached."""


@dataclass(frozen=True)
class AugmentationConfig:
    """How far the voices that `draw` draws may go.

    unvaried: share of those that keep their speed, pitch and formants. tape: share of the others whose speed, pitch and
    formants move together, as a tape does. speed: twentieths, first and last. pitch: semitones either way.
    formants: length of the vocal tract, either way (0.15 covers the step from a man's to a woman's).
    tilt: dB an octave. noisy, roomy, coded: shares. noise: dB below the speech, least and most. level: dB down.
    """

    unchanged_share: float = 0.33
    coupled_share: float = 0.4
    speed: tuple[int, int] = (16, 26)
    pitch: float = 4.0
    formants: float = 0.15
    tilt: float = 3.0
    noise_share: float = 0.6
    noise_decibels: tuple[float, float] = (20.0, 60.0)
    room_share: float = 0.5
    codec_share: float = 0.25
    level: float = 30.0


@dataclass(frozen=True)
class Augmentation:
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


def draw_augmentation(rng: np.random.Generator, config: AugmentationConfig | None = None) -> Augmentation:
    """A voice at random."""
    v = config or AugmentationConfig()
    speed, pitch, formants = 20, 1.0, 1.0
    if rng.random() >= v.unchanged_share:
        speed = int(rng.integers(v.speed[0], v.speed[1] + 1))
        pitch = formants = speed / 20
        if rng.random() >= v.coupled_share:
            pitch = float(2 ** (rng.uniform(-v.pitch, v.pitch) / 12))
            formants = float((1 + v.formants) ** rng.uniform(-1, 1))
    noisy, coded = rng.random() < v.noise_share, rng.random() < v.codec_share
    return Augmentation(
        speed, pitch, formants,
        tilt=float(rng.uniform(-v.tilt, v.tilt)),
        noise=str(rng.choice(sorted(noises.NOISES))) if noisy else "",
        noise_level=float(10 ** (-rng.uniform(*v.noise_decibels) / 20)) if noisy else 0.0,
        room=float(rng.uniform(0, 0.3)) if rng.random() < v.room_share else 0.0,
        codec=str(rng.choice(sorted(noises.CODECS))) if coded else "",
        level=float(10 ** (-rng.uniform(0, v.level) / 20)),
    )  # fmt: skip


def augment_audio(
    samples: Float32Array, augmentation: Augmentation, rng: np.random.Generator, others: Sequence[Float32Array] = ()
) -> Float32Array:
    """`samples` (N,) at 16 kHz in another voice, about N * 20 / speed long. Babble is made of `others`, (N,) each."""
    samples = _change_voice(samples, augmentation)
    if augmentation.tilt:
        pole = 1 - 2 ** (-abs(augmentation.tilt) / 3)
        low = np.asarray(signal.lfilter([1 - pole], [1, -pole], samples))
        samples = low if augmentation.tilt < 0 else 2 * samples - low
    if augmentation.room:
        samples = noises.add_reverberation(samples, augmentation.room, rng)
    if augmentation.noise:
        noise = noises.NOISES[augmentation.noise](len(samples), rng, others)
        samples = samples + noise * augmentation.noise_level * noises.speech_level(samples)
    if augmentation.codec:
        samples = noises.CODECS[augmentation.codec](samples)
    return np.asarray(samples * augmentation.level, np.float32)


def _change_voice(samples: Float32Array, augmentation: Augmentation) -> Float32Array:
    """The same words at another speed, pitch and length of the vocal tract."""
    ratio = Fraction(augmentation.pitch).limit_denominator(40)
    length = -(-len(samples) * 20 // augmentation.speed)
    if ratio != 1:
        samples = np.asarray(signal.resample_poly(samples, ratio.denominator, ratio.numerator), np.float32)
    # Pitch, formants and speed have all gone up by the ratio: what each wants beyond that comes now.
    samples = voice_change.time_stretch(samples, length)
    return voice_change.shift_formants(samples, augmentation.formants / float(ratio))


def retime_motion(values: Float32Array, augmentation: Augmentation, samples: int) -> Float32Array:
    """The Motion rows (T, C) that go with a varied sound of so many samples: the same way, at its speed."""
    rows = MODEL_RATE.rows(samples / SAMPLE_RATE)
    if augmentation.speed == 20 and rows == len(values):
        return values
    at = np.minimum(np.arange(rows) * augmentation.speed / 20, len(values) - 1)
    below = np.minimum(at.astype(int), len(values) - 2)
    part = (at - below).astype(np.float32)[:, None]
    return values[below] * (1 - part) + values[below + 1] * part
