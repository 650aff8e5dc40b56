"""High-pass: what is lower than a voice, such as hum and rumble, is removed without a shift in time. numpy only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np

from ..runtime.sliding_windows import rechunk, sliding_windows
from ..types import Float32Array, Float64Array

CUTOFF = 80.0
"""Hz at which the amplitude is halved."""
TRANSITION = 40.0
"""Hz from the stop band (0 to 60 Hz, with the hum of both mains frequencies) to the pass band (from 100 Hz)."""
ATTENUATION = 46.0
"""Decibels of the stop band; the pass band then ripples by 0.04 dB."""
CHUNK_SAMPLES = 1 << 15
"""Samples that are filtered at once."""


def high_pass(blocks: Iterable[Float32Array], rate: int) -> Iterator[Float32Array]:
    """Yield blocks (N,) at `rate` Hz without what is below CUTOFF: as many samples, each at its time.

    The result does not depend on the lengths of the blocks. Before and after the audio is silence.
    """
    taps = design(rate)
    half = len(taps) // 2
    for window in sliding_windows(rechunk(blocks, CHUNK_SAMPLES), half, stride=CHUNK_SAMPLES):
        yield _convolve(window.rows, taps)[half:][window.valid].astype(np.float32)


@lru_cache(maxsize=4)
def design(rate: int) -> Float64Array:
    """Return the taps (2 H + 1,) of a symmetric filter: a unit impulse minus a windowed sinc.

    The window is Kaiser's, with his formulas for its shape and its length (J. F. Kaiser, "Nonrecursive digital filter
    design using the I0-sinh window function", IEEE ISCAS 1974).
    """
    width = 2 * np.pi * TRANSITION / rate
    half = int(np.ceil((ATTENUATION - 7.95) / (2.285 * width) / 2))
    beta = 0.5842 * (ATTENUATION - 21) ** 0.4 + 0.07886 * (ATTENUATION - 21)
    cutoff = 2 * CUTOFF / rate
    low = cutoff * np.sinc(cutoff * np.arange(-half, half + 1)) * np.kaiser(2 * half + 1, beta)
    taps = -low / low.sum()  # nothing of a constant remains
    taps[half] += 1.0
    return taps


def _convolve(samples: Float32Array, taps: Float64Array) -> Float64Array:
    """Return the convolution (N + M - 1,) of (N,) and (M,), by Fourier transforms."""
    size = len(samples) + len(taps) - 1
    padded = 1 << (size - 1).bit_length()
    return np.fft.irfft(np.fft.rfft(samples, padded) * np.fft.rfft(taps, padded), padded)[:size]
