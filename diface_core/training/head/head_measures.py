"""Measures of head motion: spectra, beat alignment, and correlation with loudness."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import signal

from ...types import MODEL_RATE

AnyFloatArray = npt.NDArray[Any]

RATE = MODEL_RATE.value
WINDOW = 256
"""Rows of one window of a spectrum (8.5 s): 0.12 Hz apart."""
BAND = (0.2, 10.0)
"""Hz in which spectra are compared: lower is posture, which minutes cannot measure, higher is the tracker's noise."""
LOUDNESS_RANGE = (-1.5, 0.5)
"""Loudness is clipped to this range (20 dB per unit, 0 at speech level): lower is a pause, in a room of any noise."""
SPEECH_LOUDNESS = -0.7
"""Loudness, mean over a second, above which there is speech."""
PAUSE_LOUDNESS = -1.0
"""Loudness below which a row is a pause."""
LEAD_ROWS = 3
"""Rows by which the head's speed precedes loudness at the highest correlation."""
BEAT_WIDTH = 0.1
"""Seconds: tolerance of beats of head and sound (sigma of `beat_alignment`)."""


def spectrum(rotation: AnyFloatArray) -> AnyFloatArray:
    """Return the power spectral density (F, 3) of rotation (T, 3), in its unit squared per Hz.

    Welch's method, at the F frequencies of `frequencies()`.
    """
    return signal.welch(rotation, RATE, nperseg=min(WINDOW, len(rotation)), nfft=WINDOW, detrend="constant", axis=0)[1]


def frequencies() -> AnyFloatArray:
    """Return the frequencies (F,) in Hz of `spectrum`."""
    return np.fft.rfftfreq(WINDOW, 1 / RATE)


def unit_power(power: AnyFloatArray) -> AnyFloatArray:
    """Return a spectrum (F, 3) scaled to power 1 on every axis: its shape without amplitude."""
    return power / (power.sum(0) * RATE / WINDOW)


def median_spectrum(rotations: list[AnyFloatArray]) -> AnyFloatArray:
    """Return the median shape (F, 3) of spectra of unit power, scaled to power 1 again."""
    return unit_power(np.median([unit_power(spectrum(rotation)) for rotation in rotations], axis=0))


def spectral_distance(mine: AnyFloatArray, natural: AnyFloatArray) -> AnyFloatArray:
    """Return the log-spectral distance (3,) in dB between two spectra (F, 3) in BAND.

    Root mean square over frequencies. It is the same for position, speed and acceleration, whose spectra differ by the
    same factors of the frequency. Neighbouring bins are joined to twelve bands, so that the shape is compared.
    """
    at, edges = frequencies(), np.geomspace(*BAND, 13)
    bands = [(at >= low) & (at < high) for low, high in pairwise(edges)]
    mine, natural = (
        np.array([10 * np.log10(p[band].mean(0)) for band in bands if band.any()]) for p in (mine, natural)
    )
    return np.sqrt(np.mean((mine - natural) ** 2, axis=0))


def angular_speed(rotation: AnyFloatArray) -> AnyFloatArray:
    """Return the angular speed (T,) of rotation (T, 3), in its unit per second, above 0.3 Hz."""
    sections = signal.butter(2, 0.3, "high", fs=RATE, output="sos")
    moving = signal.sosfiltfilt(sections, rotation, axis=0)
    return np.linalg.norm(np.gradient(moving, 1 / RATE, axis=0), axis=1)


def smoothed_loudness(loudness: AnyFloatArray) -> AnyFloatArray:
    """Return loudness (T,) clipped to LOUDNESS_RANGE and averaged over a second (Hann window)."""
    clipped = np.clip(loudness, *LOUDNESS_RANGE)
    return np.asarray(signal.fftconvolve(np.pad(clipped, 15, mode="edge"), _hann(31), "valid"))


def speech_mask(loudness: AnyFloatArray) -> npt.NDArray[np.bool_]:
    """Return a mask (T,) of speech."""
    return smoothed_loudness(loudness) > SPEECH_LOUDNESS


def sound_beats(loudness: AnyFloatArray) -> AnyFloatArray:
    """Return the sound's beats in seconds: peaks of the loudness's rise (syllables), above a third of the strongest."""
    smooth = np.asarray(signal.savgol_filter(np.clip(loudness, *LOUDNESS_RANGE), 5, 2, deriv=1))
    peaks, _ = signal.find_peaks(smooth, height=max(float(np.quantile(smooth, 0.99)) / 3, 1e-3), distance=4)
    return peaks / RATE


def head_beats(rotation: AnyFloatArray) -> AnyFloatArray:
    """Return the head's beats in seconds: prominent peaks of its speed (strokes, nods)."""
    moving = angular_speed(rotation)
    peaks, _ = signal.find_peaks(moving, prominence=0.5 * moving.std(), distance=4)
    return peaks / RATE


def beat_alignment(rotation: AnyFloatArray, loudness: AnyFloatArray, rng: np.random.Generator) -> tuple[float, float]:
    """Return the alignment of the head's beats with the sound's, and the same by chance; both 0 to 1.

    Mean over the head's beats of exp(-d^2 / 2 sigma^2), d to the nearest beat of the sound (Li et al. 2021, "AI
    Choreographer", section 5.2.3, with strokes instead of dancers' stops). Chance: the same with the sound shifted
    circularly by 2 s or more, mean of 50. NaN without beats.
    """
    mine, theirs, seconds = head_beats(rotation), sound_beats(loudness), len(rotation) / RATE
    if not len(mine) or not len(theirs):
        return float("nan"), float("nan")

    def score(shift: float) -> float:
        moved = (theirs + shift) % seconds
        distance = np.abs(mine[:, None] - moved[None]).min(1)
        return float(np.exp(-(distance**2) / (2 * BEAT_WIDTH**2)).mean())

    shifts = rng.uniform(2.0, max(seconds - 2.0, 2.1), 50)
    return score(0.0), float(np.mean([score(shift) for shift in shifts]))


def loudness_correlation(rotation: AnyFloatArray, loudness: AnyFloatArray) -> float:
    """Return the correlation of loudness with the log speed of the head 0.1 s before, within windows of 4 s."""
    moving = angular_speed(rotation)
    tracks = np.log(moving + 0.05 * np.median(moving)), np.clip(loudness, *LOUDNESS_RANGE)
    moving, loudness_track = (track - signal.fftconvolve(track, _hann(120), "same") for track in tracks)
    return float(np.corrcoef(moving[:-LEAD_ROWS], loudness_track[LEAD_ROWS:])[0, 1])


def _hann(rows: int) -> AnyFloatArray:
    window = np.hanning(rows + 2)[1:-1]
    return window / window.sum()


def phrase_ends(loudness: AnyFloatArray) -> list[int]:
    """Return the rows at which phrases end: 0.4 s or more of pause after half a second of speech."""
    loud = signal.medfilt((np.clip(loudness, *LOUDNESS_RANGE) > PAUSE_LOUDNESS).astype(float), 9) > 0.5
    ends = np.flatnonzero(loud[:-1] & ~loud[1:]) + 1
    return [
        int(e)
        for e in ends
        if 15 <= e <= len(loud) - 15 and loud[e - 15 : e].mean() > 0.6 and not loud[e : e + 12].any()
    ]


def phrase_end_speed_ratio(rotation: AnyFloatArray, loudness: AnyFloatArray) -> float:
    """Return the speed in the 0.4 s after phrase ends over the mean speed; NaN without phrase ends."""
    moving = angular_speed(rotation)
    after = [moving[end : end + 12].mean() for end in phrase_ends(loudness)]
    return float(np.mean(after) / moving.mean()) if after else float("nan")


def pause_speed_ratio(rotation: AnyFloatArray, loudness: AnyFloatArray) -> float:
    """Return the speed in pauses over the speed in speech; NaN with less than two seconds of either."""
    moving, speaks = angular_speed(rotation), speech_mask(loudness)
    if min(speaks.sum(), (~speaks).sum()) < 2 * RATE:
        return float("nan")
    return float(moving[~speaks].mean() / moving[speaks].mean())
