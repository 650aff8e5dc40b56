"""How loud a sound is: what speech level it has, and the loudness of every row. numpy only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..runtime.sliding_windows import windows
from ..types import MODEL_RATE, FloatArray

RATE = 16_000
ACTIVE_LEVEL = 0.05
"""Root mean square that speech (the loudest tenth of 20 ms frames) is brought to first, so that a quiet recording gives
the features of a loud one."""
Powers = npt.NDArray[np.float64]

FRAME = RATE // 50
"""Samples whose power tells the level: 20 ms."""
HALF = RATE // 40
"""Samples to each side of a row that are its loudness: 25 ms."""


@dataclass(frozen=True)
class Overview:
    """What has to be known of a whole sound before its first row: how many `samples`, their `peak`, the `gain` that
    brings its speech to ACTIVE_LEVEL, and the `loudness` (T,) of its rows after that, T = MODEL_RATE.rows(seconds)."""

    samples: int
    peak: float
    gain: float
    loudness: FloatArray

    @property
    def seconds(self) -> float:
        return self.samples / RATE


def overview(blocks: Iterable[FloatArray]) -> Overview:
    """Hear a sound once, in blocks (N,) at 16 kHz of any lengths. 80 numbers a second are kept of it."""
    count, peak = 0, 0.0
    frames: list[Powers] = [np.zeros(0)]
    rows: list[Powers] = [np.zeros(0)]
    for window in windows(blocks, HALF, stride=RATE):  # whole seconds, which rows and frames begin with
        inner = window.rows[window.inner]
        at = np.arange(sum(map(len, rows)), MODEL_RATE.rows((count + len(inner)) / RATE)) / MODEL_RATE.value
        rows.append(_powers_around(at, window.rows, window.first - window.inner.start))
        frames.append(_frame_powers(inner))
        count += len(inner)
        peak = max(peak, float(inner.max()), -float(inner.min()))
    gain = _gain(np.concatenate(frames))
    return Overview(count, peak, gain, _relative(np.concatenate(rows), gain))


def _powers_around(at: Powers, samples: FloatArray, begin: int) -> Powers:
    """Mean square (T,) in the 50 ms around each time `at` (s), where the samples are those from number `begin` on."""
    centre = np.round(at * RATE).astype(int) - begin
    first, last = (np.clip(centre + side, 0, len(samples)) for side in (-HALF, HALF))
    energy = np.concatenate([[0.0], np.cumsum(samples.astype(np.float64) ** 2)])
    return (energy[last] - energy[first]) / np.maximum(last - first, 1)


def _frame_powers(samples: FloatArray) -> Powers:
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    return np.mean(frames**2, axis=1).astype(np.float64)


def _gain(frame_powers: Powers) -> float:
    if not len(frame_powers):
        return 1.0
    return float(ACTIVE_LEVEL / max(np.sqrt(np.quantile(frame_powers, 0.9)), 1e-4))


def _relative(power: Powers, gain: float) -> FloatArray:
    return (np.log10(power * (gain / ACTIVE_LEVEL) ** 2 + 1e-6) / 2).astype(np.float32)
