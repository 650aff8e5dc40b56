"""Synthesised laughs, coughs, breaths and sighs, with random voices.

No recorded laugh has a licence that the weights could have: recorded ones are only measured with.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import signal

from ...audio.loudness import SAMPLE_RATE

Rng = np.random.Generator
Wave = npt.NDArray[np.floating]

VOWELS = (
    (700, 1220, 2600), (500, 1500, 2500), (450, 1900, 2600), (350, 2200, 2900), (600, 900, 2500), (450, 800, 2400),
    (650, 1700, 2500),
)  # fmt: skip
"""Formants in Hz of open, central and front vowels of a man: laughs are mostly central (Bachorowski et al. 2001)."""
FORMANT_WIDTHS = (90, 120, 180)
PITCH = {"low": (110.0, 320.0), "high": (200.0, 650.0)}
"""Hz, the range of the pitch of a man's and a woman's laughs (means 272 and 405 Hz: Bachorowski et al. 2001)."""


def laugh(rng: Rng) -> Wave:
    """Return a laugh: bouts of 3 to 12 calls, 2.6 to 6.5 a second, voiced or not, often with a breath after it."""
    tract, low, high = rng.uniform(0.85, 1.25), *PITCH["low" if rng.random() < 0.5 else "high"]
    pitch, vowel = rng.uniform(low, high), VOWELS[rng.integers(len(VOWELS))]
    rate, voiced = rng.uniform(2.6, 6.5), rng.random() < 0.8
    calls, count = [], int(rng.integers(3, 13))
    fall = rng.uniform(-0.05, 0.01)
    for number in range(count):
        seconds = 1 / rate * rng.uniform(0.85, 1.15) * (1 + 0.03 * number)
        share = rng.uniform(0.4, 0.85)
        call = _call(pitch * (1 + fall) ** number * rng.uniform(0.95, 1.05), seconds * share, vowel, tract, voiced, rng)
        level = np.interp(number, [0, 1, count * 0.6, count], [0.7, 1, 0.8, 0.35]) * rng.uniform(0.7, 1.2)
        calls.append(_place(level * call, round(seconds * SAMPLE_RATE)))
    if rng.random() < 0.5:
        calls += [_silence(rng.uniform(0.05, 0.2)), rng.uniform(0.15, 0.5) * inhalation(rng)]
    return np.concatenate(calls)


def cough(rng: Rng) -> Wave:
    """Return one to four coughs: a burst, a rush of air, and often a short voice."""
    coughs = []
    tract, pitch = rng.uniform(0.85, 1.25), rng.uniform(120, 380)
    for _number in range(int(rng.integers(1, 5))):
        burst = rng.uniform(0.015, 0.05)
        rush = rng.uniform(0.1, 0.28)
        noise = _formed(
            rng.standard_normal(round((burst + rush) * SAMPLE_RATE)), rng.choice(VOWELS), tract, rng.uniform(1, 5)
        )
        at = np.arange(len(noise)) / SAMPLE_RATE
        noise *= np.minimum(at / 0.004, 1) * np.where(at < burst, 1.0, 0.55 * np.exp(-(at - burst) / (0.4 * rush)))
        if rng.random() < 0.6:
            voice = _call(pitch * rng.uniform(0.8, 1.2), rng.uniform(0.06, 0.18), rng.choice(VOWELS), tract, True, rng)
            noise = np.concatenate([noise, rng.uniform(0.15, 0.6) * voice * np.abs(noise).max()])
        coughs += [noise * rng.uniform(0.6, 1), _silence(rng.uniform(0.08, 0.5))]
    return np.concatenate(coughs[:-1])


def inhalation(rng: Rng) -> Wave:
    """Return air that is drawn in: rising noise that ends at once."""
    return _air(rng.uniform(0.25, 1.2), rise=0.7, tilt=rng.uniform(-0.2, 0.5), rng=rng)


def exhalation(rng: Rng) -> Wave:
    """Return air that is let out: noise that falls."""
    return _air(rng.uniform(0.4, 1.6), rise=0.15, tilt=rng.uniform(0.2, 1.0), rng=rng)


def breath(rng: Rng) -> Wave:
    """Return an inhalation, an exhalation, or several of both."""
    kind = rng.random()
    if kind < 0.5:
        return inhalation(rng)
    if kind < 0.7:
        return exhalation(rng)
    parts = []
    for _number in range(int(rng.integers(1, 4))):
        parts += [inhalation(rng), _silence(rng.uniform(0.03, 0.3)), exhalation(rng), _silence(rng.uniform(0.05, 0.5))]
    return np.concatenate(parts)


def sigh(rng: Rng) -> Wave:
    """Return a long exhalation, with a voice that falls in a third of them."""
    air = exhalation(rng)
    if rng.random() < 0.35:
        voice = _call(rng.uniform(110, 300), len(air) / SAMPLE_RATE, VOWELS[1], rng.uniform(0.9, 1.2), True, rng, 0.6)
        air = air + rng.uniform(0.1, 0.6) * voice[: len(air)] * np.abs(air).max()
    return np.concatenate([rng.uniform(0.3, 0.8) * inhalation(rng), _silence(rng.uniform(0.02, 0.2)), air])


def _call(
    pitch: float, seconds: float, vowel: npt.ArrayLike, tract: float, voiced: bool, rng: Rng, fall: float = 0.9
) -> Wave:
    """Return one call: air, then the voice, then air."""
    length = max(round(seconds * SAMPLE_RATE), 160)
    at = np.arange(length) / length
    track = pitch * (1 + (fall - 1) * at) * (1 + 0.01 * np.cumsum(rng.standard_normal(length)) / np.sqrt(length))
    phase = np.cumsum(track) / SAMPLE_RATE
    source = (np.diff(np.floor(phase), prepend=0) > 0) - track.mean() / SAMPLE_RATE
    source = np.asarray(signal.lfilter([1.0], [1.0, -0.95], source))
    air = 0.02 * rng.standard_normal(length)
    voice = np.interp(at, [0, rng.uniform(0.05, 0.3), 0.8, 1], [0, 1, 0.8, 0])
    amount = voice if voiced else 0.0
    breathy = rng.uniform(0.2, 1.5) if voiced else 8.0
    envelope = np.interp(at, [0, 0.1, 0.7, 1], [0, 1, 0.8, 0])
    return _formed(amount * source + breathy * air * envelope, vowel, tract, 1.0) * envelope


def _air(seconds: float, rise: float, tilt: float, rng: Rng) -> Wave:
    """Return noise through a vocal tract; `rise` is the share of the time until it is loudest."""
    length = round(seconds * SAMPLE_RATE)
    spectrum = np.fft.rfft(rng.standard_normal(length))
    frequency = np.fft.rfftfreq(length, 1 / SAMPLE_RATE)
    noise = np.fft.irfft(spectrum / np.maximum(frequency / 300, 1) ** tilt * (frequency > 150), length)
    noise = _formed(noise, VOWELS[rng.integers(len(VOWELS))], rng.uniform(0.85, 1.25), rng.uniform(1.5, 4.0))
    at = np.arange(length) / length
    power = rng.uniform(0.6, 1.6)
    return noise * np.interp(at, [0, rise, 0.93, 1], [0, 1, 0.25 + 0.6 * rise, 0]) ** power


def _formed(source: Wave, vowel: npt.ArrayLike, tract: float, widths: float) -> Wave:
    """Return a source through the formants of a vowel; `tract` above 1 is a shorter vocal tract."""
    out = source.astype(np.float64)
    for formant, width in zip(np.asarray(vowel), FORMANT_WIDTHS, strict=True):
        radius = np.exp(-np.pi * width * widths / SAMPLE_RATE)
        angle = 2 * np.pi * min(formant * tract, 0.45 * SAMPLE_RATE) / SAMPLE_RATE
        out = np.asarray(signal.lfilter([1 - radius], [1, -2 * radius * np.cos(angle), radius**2], out))
    return out / max(float(np.abs(out).max()), 1e-9)


def _place(wave: Wave, length: int) -> Wave:
    """Return a wave followed by silence, `length` samples, or the wave if that is longer."""
    return np.pad(wave, (0, max(0, length - len(wave))))


def _silence(seconds: float) -> Wave:
    return np.zeros(round(seconds * SAMPLE_RATE))
