"""Whisper's log mel spectrogram (Radford et al. 2022, section 2.2) with numpy, as in `transformers`."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..types import Float32Array, Float64Array

RATE = 16_000
"""Samples per second."""
BANDS, FRAME, HOP = 80, 400, 160
"""Mel bands; samples of a frame (25 ms); samples from one frame to the next (10 ms)."""
MIN_POWER = 1e-10
DYNAMIC_RANGE = 8.0
"""Powers of ten below the loudest value of a window that are distinguished."""
LINEAR_MELS, LINEAR_HERTZ = 15.0, 1000.0
"""Slaney's scale is linear up to here, and logarithmic above."""
LOG_STEP = np.log(6.4) / 27


EDGE = 2
"""Frames at either end of a window that contain samples from beyond it, which are mirrored."""


def log_mel_spectrogram(samples: Float32Array, frames: int) -> Float32Array:
    """Return the spectrogram (BANDS, frames) of one window.

    Args:
        samples: (N,) at RATE Hz; silence follows if they are fewer than `frames` x HOP, and more are not used.
        frames: Frames of the window; frame i is centred at sample i x HOP.
    """
    return _limit_range(_log_mel_frames(_padded_window(samples, frames), 0, frames))


class SlidingSpectrogram:
    """The spectrograms of overlapping windows; the frames that two windows share are computed once."""

    def __init__(self, frames: int, hop: int) -> None:
        """Begin before the first window.

        Args:
            frames: Frames of a window.
            hop: Frames from one window to the next.
        """
        self._frames, self._hop = frames, hop
        self._last: Float32Array | None = None

    def next_window(self, samples: Float32Array) -> Float32Array:
        """Return `log_mel_spectrogram` of the next window's samples, `hop` x HOP samples after the last one's."""
        padded, first_new = _padded_window(samples, self._frames), self._frames - self._hop - EDGE
        if self._last is None or first_new <= EDGE:
            self._last = _log_mel_frames(padded, 0, self._frames)
        else:
            begin, end = _log_mel_frames(padded, 0, EDGE), _log_mel_frames(padded, first_new, self._frames)
            shared = self._last[:, self._hop + EDGE : self._frames - EDGE]
            self._last = np.concatenate([begin, shared, end], axis=1)
        return _limit_range(self._last)


def _padded_window(samples: Float32Array, frames: int) -> Float32Array:
    """The samples of a window, followed by silence, with half a frame mirrored at both ends."""
    window = np.zeros(frames * HOP, np.float32)
    used = samples[: len(window)]
    window[: len(used)] = used
    return np.pad(window, FRAME // 2, mode="reflect")


def _log_mel_frames(padded: Float32Array, first: int, last: int) -> Float32Array:
    """Logarithms (BANDS, last - first) of the power in some frames of a padded window."""
    framed = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[first * HOP : last * HOP : HOP]
    spectrum = np.fft.rfft(framed * _hann_window(), axis=1)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    return np.log10(np.maximum(_mel_filters() @ power.T, np.float32(MIN_POWER)))


def _limit_range(mel: Float32Array) -> Float32Array:
    mel = np.maximum(mel, mel.max() - np.float32(DYNAMIC_RANGE))
    return (mel + np.float32(4)) / np.float32(4)


@lru_cache
def _hann_window() -> Float32Array:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)


@lru_cache
def _mel_filters() -> Float32Array:
    """Triangular filters (BANDS, FRAME / 2 + 1) of equal area, evenly spaced on Slaney's mel scale from 0 to 8 kHz."""
    frequency = np.linspace(0, RATE // 2, FRAME // 2 + 1)
    edges = _mel_to_hertz(np.linspace(0, _hertz_to_mel(RATE / 2), BANDS + 2))
    rising = (frequency - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - frequency) / np.diff(edges)[1:, None]
    area = 2 / (edges[2:] - edges[:-2])
    return (np.maximum(0, np.minimum(rising, falling)) * area[:, None]).astype(np.float32)


def _hertz_to_mel(hertz: float) -> float:
    """Return Slaney's mel of a frequency of at least LINEAR_HERTZ."""
    return LINEAR_MELS + float(np.log(hertz / LINEAR_HERTZ)) / LOG_STEP


def _mel_to_hertz(mel: Float64Array) -> Float64Array:
    logarithmic = LINEAR_HERTZ * np.exp(LOG_STEP * (mel - LINEAR_MELS))
    return np.where(mel < LINEAR_MELS, mel * LINEAR_HERTZ / LINEAR_MELS, logarithmic)
