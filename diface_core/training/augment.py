"""Other voices and rooms out of one recording: speed, colour, noise and echo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import signal

from ..features import RATE
from ..types import MODEL_RATE, FloatArray

SPEEDS = (16, 27)
"""Twentieths of the speed of the original, first and last + 1: pitch, formants and tempo move together, .80 to 1.30."""


@dataclass(frozen=True)
class Voice:
    """How a recording is varied.

    speed: twentieths of the original's. tilt: dB an octave. noise, echo: levels against the speech.
    """

    speed: int = 20
    tilt: float = 0.0
    noise: float = 0.0
    echo: float = 0.0


def draw(rng: np.random.Generator) -> Voice:
    """A voice at random; one in three keeps its speed."""
    return Voice(
        speed=20 if rng.random() < 0.33 else int(rng.integers(*SPEEDS)),
        tilt=float(rng.uniform(-3, 3)),
        noise=float(10 ** rng.uniform(-3, -1)) if rng.random() < 0.6 else 0.0,
        echo=float(rng.uniform(0, 0.3)) if rng.random() < 0.5 else 0.0,
    )


def vary(samples: FloatArray, voice: Voice, rng: np.random.Generator) -> FloatArray:
    """`samples` (N,) at 16 kHz in another voice, about N * 20 / speed long."""
    if voice.speed != 20:
        samples = np.asarray(signal.resample_poly(samples, 20, voice.speed), np.float32)
    if voice.tilt:
        pole = 1 - 2 ** (-abs(voice.tilt) / 3)
        low = np.asarray(signal.lfilter([1 - pole], [1, -pole], samples))
        samples = low if voice.tilt < 0 else 2 * samples - low
    if voice.echo:
        length = int(RATE * rng.uniform(0.1, 0.4))
        tail = rng.standard_normal(length) * np.exp(-np.linspace(0, 6, length))
        tail *= voice.echo / np.sqrt((tail**2).sum())
        samples = samples + signal.fftconvolve(samples, tail)[: len(samples)]
    if voice.noise:
        level = np.sqrt(np.quantile(samples**2, 0.9))
        samples = samples + rng.standard_normal(len(samples)) * level * voice.noise
    return samples.astype(np.float32)


def vary_motion(values: FloatArray, voice: Voice, samples: int) -> FloatArray:
    """The Motion rows (T, C) that go with a varied sound of so many samples: the same way, at its speed."""
    rows = MODEL_RATE.rows(samples / RATE)
    if voice.speed == 20 and rows == len(values):
        return values
    at = np.minimum(np.arange(rows) * voice.speed / 20, len(values) - 1)
    below = np.minimum(at.astype(int), len(values) - 2)
    part = (at - below).astype(np.float32)[:, None]
    return values[below] * (1 - part) + values[below + 1] * part
