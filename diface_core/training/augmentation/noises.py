"""Recording conditions: noise, room and codec."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np
import soundfile
from scipy import signal

from ...audio.speech_encoder import SAMPLE_RATE
from ...types import Float32Array

BABBLE_VOICES = 5
"""Number of simultaneous voices in babble."""

MU = 255
"""Companding of telephone lines (ITU-T G.711)."""


def speech_level(samples: Float32Array) -> float:
    """Return the amplitude that a tenth of the samples exceeds: the level of speech without its pauses."""
    return float(np.sqrt(np.quantile(np.square(samples[::4]), 0.9))) if len(samples) else 0.0


def white(length: int, rng: np.random.Generator, others: Sequence[Float32Array]) -> Float32Array:
    """Return white noise (length,) of deviation 1."""
    return rng.standard_normal(length, np.float32)


def pink(length: int, rng: np.random.Generator, others: Sequence[Float32Array]) -> Float32Array:
    """Return noise (length,) of deviation 1 that falls by 3 dB per octave: fans, traffic, air."""
    spectrum = np.fft.rfft(rng.standard_normal(length, np.float32))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 20 * length / SAMPLE_RATE))
    noise = np.fft.irfft(spectrum, length)
    return np.asarray(noise / max(float(noise.std()), 1e-12), np.float32)


def babble(length: int, rng: np.random.Generator, others: Sequence[Float32Array]) -> Float32Array:
    """Return simultaneous speech of `others`, (length,) of deviation 1; pink noise without others."""
    if not others:
        return pink(length, rng, others)
    crowd = np.zeros(length, np.float32)
    for which in rng.integers(0, len(others), BABBLE_VOICES):
        voice = np.roll(others[which], int(rng.integers(0, len(others[which]))))
        crowd += np.resize(voice, length) / max(speech_level(voice), 1e-6)
    return crowd / max(float(crowd.std()), 1e-12)


def add_reverberation(samples: Float32Array, level: float, rng: np.random.Generator) -> Float32Array:
    """Return `samples` (N,) with echoes that decay within 0.1 to 0.4 s, at `level` relative to the direct sound."""
    length = int(SAMPLE_RATE * rng.uniform(0.1, 0.4))
    tail = rng.standard_normal(length) * np.exp(-np.linspace(0, 6, length))
    tail *= level / np.sqrt((tail**2).sum())
    return samples + signal.oaconvolve(samples, tail)[: len(samples)].astype(np.float32)


def telephone(samples: Float32Array) -> Float32Array:
    """Return the sound of a telephone line: 300 to 3400 Hz, eight bits, companded."""
    low = signal.resample_poly(signal.sosfiltfilt(_TELEPHONE, samples), 1, 2)
    peak = max(float(np.abs(low).max(initial=0.0)), 1e-9)
    squeezed = np.sign(low) * np.log1p(MU * np.abs(low) / peak) / np.log1p(MU)
    squeezed = np.round(squeezed * 127) / 127
    opened = np.sign(squeezed) * np.expm1(np.abs(squeezed) * np.log1p(MU)) / MU * peak
    return np.asarray(signal.resample_poly(opened, 2, 1)[: len(samples)], np.float32)


_TELEPHONE = signal.butter(3, (300, 3400), "bandpass", fs=SAMPLE_RATE, output="sos")


def narrow_band(samples: Float32Array) -> Float32Array:
    """Return the band of a recording at 8 kHz, without other changes."""
    return np.asarray(signal.resample_poly(signal.resample_poly(samples, 1, 2), 2, 1)[: len(samples)], np.float32)


def vorbis(samples: Float32Array) -> Float32Array:
    """Return the sound encoded as Ogg Vorbis at its lowest quality."""
    peak = max(float(np.abs(samples).max(initial=0.0)), 1e-9)
    file = io.BytesIO()
    soundfile.write(file, 0.9 / peak * samples, SAMPLE_RATE, format="OGG", subtype="VORBIS", compression_level=1.0)
    file.seek(0)
    decoded = np.asarray(soundfile.read(file, dtype="float32")[0], np.float32)[: len(samples)]
    return np.pad(decoded, (0, len(samples) - len(decoded))) * (peak / 0.9)


Noise = Callable[[int, np.random.Generator, Sequence[Float32Array]], Float32Array]
NOISES: dict[str, Noise] = {"white": white, "pink": pink, "babble": babble}
CODECS: dict[str, Callable[[Float32Array], Float32Array]] = {
    "telephone": telephone, "narrow": narrow_band, "compressed": vorbis,
}  # fmt: skip
