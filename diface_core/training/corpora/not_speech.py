"""Sounds without speech - noise, hum, knocks, synthesised music, silence - with a face at rest."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import signal

from ... import channels
from ...audio.speech_encoder import SAMPLE_RATE
from ...types import MODEL_RATE, Float32Array
from .clip import Clip

SOURCE = "not_speech"
RESTING_CHANNELS = ("jaw", "mouth", "cheek", "tongue", "noseSneer")
"""Channels that are known to be at rest; eyes and brows are unknown."""
MAX_SECONDS = 12.0
"""Seconds of the longest sound; the shortest is a third of that."""

Rng = np.random.Generator
Wave = npt.NDArray[np.floating]


def non_speech_clips(count: int, styles: tuple[str, ...], seed: int = 0) -> list[Clip]:
    """Return `count` sounds, alternating kinds and styles: about 8 s each."""
    known = np.array([name.startswith(RESTING_CHANNELS) for name in channels.FACE])
    clips = []
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        kind = list(SYNTHESISERS)[number % len(SYNTHESISERS)]
        samples = _randomise_level(
            SYNTHESISERS[kind](int(SAMPLE_RATE * rng.uniform(MAX_SECONDS / 3, MAX_SECONDS)), rng), rng
        )
        values = np.zeros((MODEL_RATE.rows(len(samples) / SAMPLE_RATE), len(channels.FACE)), np.float32)
        style = styles[number // len(SYNTHESISERS) % len(styles)]
        name = f"{kind}_{number:03d}"
        clips.append(Clip(name, samples, values, known, style, speaker=SOURCE, source=SOURCE))
    return clips


def _randomise_level(samples: Wave, rng: Rng) -> Float32Array:
    """Return the sound at -40 to -10 dB, with faint noise."""
    samples = samples / max(float(np.abs(samples).max()), 1e-6) * 10 ** rng.uniform(-2, -0.5)
    return (samples + 10 ** rng.uniform(-5, -3.5) * rng.standard_normal(len(samples))).astype(np.float32)


def silence(length: int, rng: Rng) -> Wave:
    """Return silence."""
    return np.zeros(length)


def noise(length: int, rng: Rng) -> Wave:
    """Return white, pink or brown noise with a slow envelope: wind, rain, traffic."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    frequency = np.fft.rfftfreq(length, 1 / SAMPLE_RATE)
    coloured = np.fft.irfft(spectrum / np.maximum(frequency, 40) ** rng.uniform(0, 1), length)
    return coloured * _swell(length, rng)


def hum(length: int, rng: Rng) -> Wave:
    """Return a machine: a low tone and its harmonics."""
    at, base = np.arange(length) / SAMPLE_RATE, rng.uniform(45, 140)
    wobble = 1 + 0.002 * np.sin(2 * np.pi * rng.uniform(0.1, 3) * at)
    tones = [
        np.sin(2 * np.pi * k * base * np.cumsum(wobble) / SAMPLE_RATE) * rng.uniform(0, 1) / k for k in range(1, 9)
    ]
    return np.sum(tones, axis=0) * _swell(length, rng)


def knocks(length: int, rng: Rng) -> Wave:
    """Return steps, doors, keyboards: short resonances at irregular times."""
    samples = np.zeros(length)
    for begin in rng.integers(0, length, max(1, int(length / SAMPLE_RATE * rng.uniform(1, 6)))):
        tail = np.arange(int(SAMPLE_RATE * rng.uniform(0.02, 0.25)))
        knock = np.sin(2 * np.pi * rng.uniform(80, 3000) * tail / SAMPLE_RATE) + 0.5 * rng.standard_normal(len(tail))
        knock *= np.exp(-6 * tail / len(tail)) * rng.uniform(0.2, 1)
        samples[begin : begin + len(tail)] += knock[: length - begin]
    return samples


def music(length: int, rng: Rng) -> Wave:
    """Return bars of chords, a melody, a bass and drums, each optional, in a random key, tempo and timbre."""
    beat = int(SAMPLE_RATE * 60 / rng.uniform(60, 170))
    scale = np.array([0, 2, 4, 5, 7, 9, 11] if rng.random() < 0.6 else [0, 2, 3, 5, 7, 8, 10])
    tonic = rng.uniform(90, 180)
    timbres = [_timbre(rng) for _ in range(3)]
    has_chords, has_melody, has_bass, has_drums = rng.random(4) < (0.8, 0.7, 0.6, 0.6)
    samples = np.zeros(length + 8 * beat)

    def add(at: int, degree: int, octave: int, beats: float, timbre: tuple[Wave, float], level: float) -> None:
        pitch = tonic * 2 ** (octave + degree // 7 + scale[degree % 7] / 12)
        note = _note(pitch, int(beats * beat), timbre, rng) * level
        samples[at : at + len(note)] += note[: len(samples) - at]

    for number, at in enumerate(range(0, length, beat)):
        root = int(rng.choice([0, 3, 4, 5])) if number % 4 == 0 else 0
        if has_chords and number % 4 == 0:
            for third in (0, 2, 4):
                add(at, root + third, 1, 4, timbres[0], 0.5)
        if has_bass:
            add(at, root, 0, 1, timbres[1], 0.8)
        if has_melody:
            for half in range(int(rng.choice([1, 1, 2, 4]))):
                add(at + half * beat // 4, int(rng.integers(0, 10)), 2, rng.uniform(0.25, 1.5), timbres[2], 0.7)
        if has_drums:
            tail = np.arange(beat // 2) / (beat // 2)
            hit = rng.standard_normal(beat // 2) if number % 2 else np.sin(60 * np.sqrt(tail + 1e-3))
            samples[at : at + beat // 2] += hit * np.exp(-8 * tail) * 0.8
    return samples[:length]


def _timbre(rng: Rng) -> tuple[Wave, float]:
    """Return weights of the harmonics, and how many times faster than the note the sound decays."""
    return rng.uniform(0, 1, 8) / np.arange(1, 9) ** rng.uniform(0.5, 2), float(rng.choice([0.3, 1.5, 4.0]))


def _note(pitch: float, length: int, timbre: tuple[Wave, float], rng: Rng) -> Wave:
    at = np.arange(length) / SAMPLE_RATE
    vibrato = pitch * at + 0.02 * rng.random() * np.sin(2 * np.pi * 5 * at)
    harmonics = [k for k in range(1, 9) if k * pitch < 0.45 * SAMPLE_RATE]
    tone = np.sum([timbre[0][k - 1] * np.sin(2 * np.pi * k * vibrato) for k in harmonics], axis=0)
    return (
        tone
        * np.minimum(at * 80, 1)
        * np.exp(-timbre[1] * at * SAMPLE_RATE / length)
        * signal.windows.tukey(length, 0.1)
    )


def _swell(length: int, rng: Rng) -> Wave:
    """Return a slow envelope (N,) from a tenth to 1, or a constant one."""
    if rng.random() < 0.3:
        return np.ones(length)
    knots = rng.uniform(0.1, 1, max(2, int(length / SAMPLE_RATE * rng.uniform(0.3, 4))))
    return np.interp(np.arange(length), np.linspace(0, length, len(knots)), knots)


SYNTHESISERS: dict[str, Callable[[int, Rng], Wave]] = {
    "silence": silence, "noise": noise, "music": music, "hum": hum, "song": music, "knocks": knocks,
}  # fmt: skip
