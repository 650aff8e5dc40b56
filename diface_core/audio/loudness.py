"""Loudness of audio: its speech level, and the loudness of every row. numpy only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from ..runtime.sliding_windows import sliding_windows
from ..types import MODEL_RATE, Float32Array, Float64Array

SAMPLE_RATE = 16_000
ACTIVE_LEVEL = 0.05
"""Root mean square to which speech (the loudest tenth of 20 ms frames) is scaled first, so that a quiet recording gives
the features of a loud one."""

FRAME_SAMPLES = SAMPLE_RATE // 50
"""Samples of the frames that determine the level: 20 ms."""
HALF_WINDOW_SAMPLES = SAMPLE_RATE // 40
"""Samples on either side of a row that determine its loudness: 25 ms."""

SILENT = -2.5
"""Loudness, 50 dB below speech, up to which a row counts as digital silence: it says nothing about the background."""
MIN_SECONDS = 4.0
"""Seconds of sound without which nothing is said about its background."""
MAX_PAUSES = 0.5
"""Share of digital silence above which the sound has been cut between the words."""
PAUSE_QUANTILE, MIN_DECIBELS = 0.05, 14.0
"""The quietest rows that count as pauses, and how far they are below speech without noise or music, at least."""
MIN_GAIN = 6.0
"""Decibels by which the high-pass lowers the background before it is recommended."""
CLEAN_HINT = "Use a recording of the voice alone, or remove the rest first."
HIGH_PASS_HINT = "Most of it is hum or rumble below the voice: turn on High-Pass."


@dataclass(frozen=True)
class AudioStats:
    """Statistics of whole audio that must be known before its first row is encoded.

    Attributes:
        sample_count: Number of samples.
        peak: Largest absolute sample.
        gain: Factor that scales its speech to ACTIVE_LEVEL.
        loudness: Loudness (T,) of its rows after that, 0 at speech level, 1 is 20 dB up; T = MODEL_RATE.rows(seconds).
        notes: What the user should know about the sound.
    """

    sample_count: int
    peak: float
    gain: float
    loudness: Float32Array
    notes: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return self.sample_count / SAMPLE_RATE


def background_notes(loudness: Float32Array, measure_high: Callable[[], Float32Array] | None = None) -> tuple[str, ...]:
    """Return what the user should know about noise or music beside the voice.

    In pauses, of which speech has some in every few seconds, the loudness is that of the background.

    Args:
        loudness: (T,) of the sound.
        measure_high: Returns that of the sound after the high-pass; called if there is noise. None if it is on.
    """
    decibels = _decibels_below_voice(loudness)
    if decibels is None or decibels >= MIN_DECIBELS:
        return ()
    high = _decibels_below_voice(measure_high()) if measure_high is not None else None
    hint = CLEAN_HINT if high is None or high - decibels < MIN_GAIN else HIGH_PASS_HINT
    return (f"Noise or music is only {decibels:.0f} dB below the voice, and the lips may follow it. {hint}",)


def _decibels_below_voice(loudness: Float32Array) -> float | None:
    """Return how far the background is below the voice, in decibels; None if too little is heard."""
    heard = loudness[loudness > SILENT]
    if len(heard) < MIN_SECONDS * MODEL_RATE.value or len(heard) < len(loudness) * MAX_PAUSES:
        return None
    pauses, speech = np.quantile(heard, (PAUSE_QUANTILE, 0.9))
    return 20 * float(speech - pauses)


def measure_audio(blocks: Iterable[Float32Array]) -> AudioStats:
    """Measure audio in one pass over its blocks (N,) at 16 kHz, of any lengths. Keeps 80 numbers per second."""
    count, peak = 0, 0.0
    frames: list[Float64Array] = [np.zeros(0)]
    rows: list[Float64Array] = [np.zeros(0)]
    # A stride of whole seconds, which are multiples of rows and frames.
    for window in sliding_windows(blocks, HALF_WINDOW_SAMPLES, stride=SAMPLE_RATE):
        samples = window.rows[window.valid]
        first_row, last_row = sum(map(len, rows)), MODEL_RATE.rows((count + len(samples)) / SAMPLE_RATE)
        times = np.arange(first_row, last_row) / MODEL_RATE.value
        rows.append(_mean_power_around(times, window.rows, window.first - window.valid.start))
        frames.append(_frame_powers(samples))
        count += len(samples)
        peak = max(peak, float(samples.max()), -float(samples.min()))
    gain = _gain(np.concatenate(frames))
    return AudioStats(count, peak, gain, _relative_loudness(np.concatenate(rows), gain))


def _mean_power_around(times: Float64Array, samples: Float32Array, begin: int) -> Float64Array:
    """Mean square (T,) in the 50 ms around each time (s), from samples of which the first is number `begin`."""
    centre = np.round(times * SAMPLE_RATE).astype(int) - begin
    first, last = (np.clip(centre + side, 0, len(samples)) for side in (-HALF_WINDOW_SAMPLES, HALF_WINDOW_SAMPLES))
    energy = np.concatenate([[0.0], np.cumsum(samples.astype(np.float64) ** 2)])
    return (energy[last] - energy[first]) / np.maximum(last - first, 1)


def _frame_powers(samples: Float32Array) -> Float64Array:
    frames = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    return np.mean(frames**2, axis=1).astype(np.float64)


def _gain(frame_powers: Float64Array) -> float:
    if not len(frame_powers):
        return 1.0
    return float(ACTIVE_LEVEL / max(np.sqrt(np.quantile(frame_powers, 0.9)), 1e-4))


def _relative_loudness(power: Float64Array, gain: float) -> Float32Array:
    return (np.log10(power * (gain / ACTIVE_LEVEL) ** 2 + 1e-6) / 2).astype(np.float32)
