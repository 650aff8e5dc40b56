"""Augmentation of recordings by voice, room and codec; the Motion is retimed with the sound."""

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
"""Increase this when the same Augmentation sounds different: it is part of the cache key."""


@dataclass(frozen=True)
class AugmentationConfig:
    """Ranges of the augmentations that `draw_augmentation` draws.

    Attributes:
        unchanged_share: Share of recordings that keep speed, pitch and formants.
        coupled_share: Share of the others whose speed, pitch and formants change together, as on a tape.
        speed: Twentieths of the original speed, first and last.
        pitch: Largest change in semitones, in both directions.
        formants: Largest change of the vocal tract's length, in both directions (0.15 covers the step from a man's to a
            woman's).
        tilt: Largest spectral tilt in dB per octave.
        noise_share: Share of recordings with noise.
        noise_decibels: dB below the speech, least and most.
        room_share: Share of recordings with echoes.
        codec_share: Share of recordings through a codec.
        level: Largest attenuation in dB.
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
    """One augmentation of a recording.

    Attributes:
        speed: Twentieths of the original's.
        pitch: Factor on the original's.
        formants: Factor on the original's.
        tilt: dB per octave.
        noise: Kind of noise, "" for none.
        noise_level: Level of the noise relative to the speech.
        room: Level of the echoes relative to the speech.
        codec: Kind of codec, "" for none.
        level: Factor on the whole.
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
    """Draw a random augmentation."""
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
    """Return `samples` (N,) at 16 kHz augmented, about N * 20 / speed long.

    Args:
        samples: (N,) at 16 kHz.
        augmentation: What to apply.
        rng: Random numbers of noise and room.
        others: Recordings (N,) of other speakers for babble.
    """
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
    """Return the same words at another speed, pitch and vocal tract length."""
    ratio = Fraction(augmentation.pitch).limit_denominator(40)
    length = -(-len(samples) * 20 // augmentation.speed)
    if ratio != 1:
        samples = np.asarray(signal.resample_poly(samples, ratio.denominator, ratio.numerator), np.float32)
    # Pitch, formants and speed are all scaled by the ratio now: apply what each needs beyond that.
    samples = voice_change.time_stretch(samples, length)
    return voice_change.shift_formants(samples, augmentation.formants / float(ratio))


def retime_motion(values: Float32Array, augmentation: Augmentation, samples: int) -> Float32Array:
    """Return the Motion rows (T, C) of an augmented sound of so many samples: the same motion at its speed."""
    rows = MODEL_RATE.rows(samples / SAMPLE_RATE)
    if augmentation.speed == 20 and rows == len(values):
        return values
    at = np.minimum(np.arange(rows) * augmentation.speed / 20, len(values) - 1)
    below = np.minimum(at.astype(int), len(values) - 2)
    part = (at - below).astype(np.float32)[:, None]
    return values[below] * (1 - part) + values[below + 1] * part
