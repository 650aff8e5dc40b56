"""Change of tempo and of the vocal tract for the same words."""

from __future__ import annotations

import numpy as np
from scipy import fft, signal

from ...audio.speech_encoder import SAMPLE_RATE
from ...types import Float32Array

SEGMENT, SEARCH = SAMPLE_RATE * 25 // 1000, SAMPLE_RATE * 8 // 1000
"""Half a segment in samples, and the search range in both directions: one period of a low voice fits."""

FRAME = 512
LIFTER = 26
"""Cepstral coefficients of the envelope: 1.6 ms, shorter than a period of a voice of 500 Hz."""


def time_stretch(samples: Float32Array, length: int) -> Float32Array:
    """Return `samples` (N,) stretched to (length,) without change of pitch.

    Overlapping segments continue each other's waveform (WSOLA, Verhelst and Roelands 1993). The sound at time t moves
    to t * length / N within 8 ms.
    """
    if abs(len(samples) - length) <= 2:
        return np.pad(samples, (0, max(0, length - len(samples))))[:length]
    window = np.hanning(2 * SEGMENT + 1)[:-1].astype(np.float32)
    ends = SEGMENT + SEARCH
    # Room for the search before the first segment, and for the continuation after the last.
    source = np.pad(samples, (ends, 2 * SEGMENT + 2 * ends))
    out = np.zeros(length + 3 * SEGMENT, np.float32)
    step, previous = len(samples) / length, None
    for to in range(0, length + SEGMENT, SEGMENT):
        at = SEARCH + min(round(to * step), len(samples))
        if previous is not None:
            continuation = source[previous + SEGMENT : previous + 2 * SEGMENT]
            near = source[at - SEARCH : at + SEARCH + SEGMENT]
            at += int(np.argmax(np.correlate(near, continuation))) - SEARCH
        out[to : to + 2 * SEGMENT] += window * source[at : at + 2 * SEGMENT]
        previous = at
    return out[SEGMENT : SEGMENT + length]


def shift_formants(samples: Float32Array, formants: float) -> Float32Array:
    """Return `samples` (N,) with the formants at `formants` times their frequency, pitch and timing unchanged.

    The envelope of each short-time spectrum (cepstrally smoothed) is scaled along the frequency axis.
    """
    if abs(formants - 1) < 0.01:
        return samples
    transform = signal.ShortTimeFFT(np.hanning(FRAME + 1)[:-1], FRAME // 4, SAMPLE_RATE, phase_shift=None)
    spectrum = transform.stft(samples).T.astype(np.complex64)
    envelope = _envelope(np.abs(spectrum))
    bins = np.minimum(np.arange(envelope.shape[1]) / formants, envelope.shape[1] - 1)
    below = np.minimum(bins.astype(int), envelope.shape[1] - 2)
    part = (bins - below).astype(np.float32)
    moved = envelope[:, below] * (1 - part) + envelope[:, below + 1] * part
    # Without limits the noise floor between two formants would be amplified.
    spectrum *= np.exp(np.clip(moved - envelope, -3.0, 3.0))
    return np.asarray(transform.istft(spectrum.T, k1=len(samples)), np.float32)


def _envelope(magnitude: Float32Array) -> Float32Array:
    """Return the log envelope (frames, bins) of short-time spectra: the first cepstral coefficients."""
    floor = 1e-4 * float(magnitude.max(initial=0.0)) + 1e-9
    cepstrum = np.asarray(fft.dct(np.log(magnitude + floor), type=1, axis=1))
    cepstrum[:, LIFTER:] = 0
    return np.asarray(fft.idct(cepstrum, type=1, axis=1), np.float32)
