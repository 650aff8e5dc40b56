"""How loud a sound is: what speech level it has, and the loudness of every row. numpy only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..runtime.sliding_windows import sliding_windows
from ..types import MODEL_RATE, Float32Array

SAMPLE_RATE = 16_000
ACTIVE_LEVEL = 0.05
"""Root mean square that speech (the loudest tenth of 20 ms frames) is brought to first, so that a quiet recording gives
the features of a loud one."""
Float64Array = npt.NDArray[np.float64]

FRAME_SAMPLES = SAMPLE_RATE // 50
"""Samples whose power tells the level: 20 ms."""
HALF_WINDOW_SAMPLES = SAMPLE_RATE // 40
"""Samples to each side of a row that are its loudness: 25 ms."""


@dataclass(frozen=True)
class AudioStats:
    """What has to be known of a whole sound before its first row: how many `samples`, their `peak`, the `gain` that
    brings its speech to ACTIVE_LEVEL, and the `loudness` (T,) of its rows after that, T = MODEL_RATE.rows(seconds)."""

    sample_count: int
    peak: float
    gain: float
    loudness: Float32Array

    @property
    def seconds(self) -> float:
        return self.sample_count / SAMPLE_RATE


def measure_audio(blocks: Iterable[Float32Array]) -> AudioStats:
    """Hear a sound once, in blocks (N,) at 16 kHz of any lengths. 80 numbers a second are kept of it."""
    count, peak = 0, 0.0
    frames: list[Float64Array] = [np.zeros(0)]
    rows: list[Float64Array] = [np.zeros(0)]
    for window in sliding_windows(
        blocks, HALF_WINDOW_SAMPLES, stride=SAMPLE_RATE
    ):  # whole seconds, which rows and frames begin with
        inner = window.rows[window.valid]
        at = np.arange(sum(map(len, rows)), MODEL_RATE.rows((count + len(inner)) / SAMPLE_RATE)) / MODEL_RATE.value
        rows.append(_mean_power_around(at, window.rows, window.first - window.valid.start))
        frames.append(_frame_powers(inner))
        count += len(inner)
        peak = max(peak, float(inner.max()), -float(inner.min()))
    gain = _gain(np.concatenate(frames))
    return AudioStats(count, peak, gain, _relative_loudness(np.concatenate(rows), gain))


def _mean_power_around(times: Float64Array, samples: Float32Array, begin: int) -> Float64Array:
    """Mean square (T,) in the 50 ms around each time `at` (s), where the samples are those from number `begin` on."""
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
