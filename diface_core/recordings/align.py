"""When a recording begins in a sound: found by comparing its lips with those that a model generated from the sound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..types import Float64Array, FrameRate, Motion
from .placed import sample
from .recording import Recording

HERTZ = 100.0
"""Rate at which the motions are compared."""
TREND_SECONDS = 2.0
"""Slower motion is taken out: a smile, or how far the mouth of this face is open at rest."""
MIN_OVERLAP_SECONDS = 1.0
MIN_OVERLAP_SHARE = 0.5
"""Of the shorter of recording and sound, what must overlap."""
MIN_SCORE = 0.6
"""Correlation of the opening of the mouth from which an offset counts as found. Of 60 pairs that belong together,
14 to 20 s long, all had 0.8 and more, and of 60 that do not, none more than 0.58 (GRID corpus)."""
MIN_DEVIATION = 1e-3
"""Standard deviation of a signal below which it does not move."""

SIGNALS: tuple[tuple[float, dict[str, float]], ...] = (
    (3.0, {"jawOpen": 1.0, "mouthClose": -1.0}),
    (1.0, {"mouthFunnel": 1.0, "mouthPucker": 1.0}),
    (1.0, {"mouthLowerDownLeft": 1.0, "mouthLowerDownRight": 1.0}),
    (1.0, {"mouthUpperUpLeft": 1.0, "mouthUpperUpRight": 1.0}),
    (1.0, {"mouthStretchLeft": 1.0, "mouthStretchRight": 1.0, "mouthSmileLeft": 1.0, "mouthSmileRight": 1.0}),
    (1.0, {"mouthRollLower": 1.0, "mouthRollUpper": 1.0}),
    (1.0, {"mouthShrugLower": 1.0, "mouthShrugUpper": 1.0}),
    (1.0, {"mouthPressLeft": 1.0, "mouthPressRight": 1.0}),
)
"""What is compared: the opening of the mouth and other motion of the lips, each with its weight and its channels."""


@dataclass(frozen=True)
class Offset:
    """Seconds from the start of the sound to the first row of the recording, and the correlation there, -1 to 1."""

    seconds: float
    score: float

    @property
    def is_found(self) -> bool:
        """Whether the recording follows the sound."""
        return self.score >= MIN_SCORE


def find_offset(recording: Recording, generated: Motion) -> Offset:
    """Return when a recording begins in a sound.

    The weighted sum of the normalised cross-correlations (Padfield 2012) of SIGNALS has its peak there; a parabola
    through the peak finds it between samples.

    Args:
        recording: The recording; its speech may begin before the sound or end after it.
        generated: The face that a model generated from the sound, row r at r / rate seconds.
    """
    recorded, known = _resampled(recording)
    rows = max(2, round((len(generated) - 1) / generated.rate.value * HERTZ) + 1)
    times = np.arange(rows) / HERTZ * generated.rate.value
    total = np.zeros(len(recorded) + rows - 1)
    opening = np.full(len(total), -1.0)
    for weight, parts in SIGNALS:
        scales = np.array(list(parts.values()))
        ours = _detrended(recorded[:, [recording.channels.index(name) for name in parts]] @ scales)
        other = generated.select(tuple(parts)).values @ scales
        theirs = _detrended(np.interp(times, np.arange(len(other)), other))
        if ours[known].std() < MIN_DEVIATION or theirs.std() < MIN_DEVIATION:
            continue
        scores, overlap = _correlations(ours, known, theirs)
        if parts is SIGNALS[0][1]:
            opening = scores
        total += weight * scores * np.sqrt(overlap / overlap.max())
    peak = int(np.argmax(total))
    return Offset((peak - (len(recorded) - 1) + _parabola(total, peak)) / HERTZ, float(opening[peak]))


def _resampled(recording: Recording) -> tuple[Float64Array, np.ndarray]:
    """The recording (T, C) at HERTZ, and which of its rows are known."""
    placed = sample(recording, 0.0, FrameRate(HERTZ), round(recording.seconds * HERTZ) + 1)
    return placed.motion.values.astype(np.float64), placed.known


def _detrended(signal: Float64Array) -> Float64Array:
    """The signal (T,) less its mean over TREND_SECONDS around each row."""
    size = int(TREND_SECONDS * HERTZ) | 1
    padded = np.concatenate([[0.0], np.cumsum(np.pad(signal, size // 2, mode="edge"))])
    return signal - (padded[size:] - padded[:-size]) / size


def _correlations(ours: Float64Array, known: np.ndarray, theirs: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Correlation and overlap (rows) at each lag from -(T - 1) on, over the known rows that overlap."""
    length = 1 << (len(ours) + len(theirs)).bit_length()

    def transformed(signal: Float64Array) -> np.ndarray:
        return np.fft.rfft(signal, length)

    def correlated(first: np.ndarray, second: np.ndarray) -> Float64Array:
        result = np.fft.irfft(np.conj(first) * second, length)
        return np.concatenate([result[len(result) - (len(ours) - 1) :], result[: len(theirs)]])

    mask, ones = known.astype(np.float64), np.ones(len(theirs))
    ours = ours * mask
    weights, all_theirs = transformed(mask), transformed(ones)
    mine, other = transformed(ours), transformed(theirs)
    count = np.maximum(correlated(weights, all_theirs), 1.0)
    sum_ours, sum_theirs = correlated(mine, all_theirs), correlated(weights, other)
    covariance = correlated(mine, other) - sum_ours * sum_theirs / count
    power_ours = correlated(transformed(ours**2), all_theirs) - sum_ours**2 / count
    power_theirs = correlated(weights, transformed(theirs**2)) - sum_theirs**2 / count
    least = MIN_DEVIATION**2 * count
    scores = covariance / np.sqrt(np.maximum(power_ours, least) * np.maximum(power_theirs, least))
    needed = max(MIN_OVERLAP_SECONDS * HERTZ, MIN_OVERLAP_SHARE * min(mask.sum(), len(theirs)))
    return np.where(np.round(count) >= min(needed, count.max()), scores, -1.0), count


def _parabola(values: Float64Array, peak: int) -> float:
    """Return the offset of the vertex of the parabola through three values around a peak, -0.5 to 0.5."""
    if not 0 < peak < len(values) - 1:
        return 0.0
    before, here, after = values[peak - 1 : peak + 2]
    bend = before - 2 * here + after
    return float(np.clip((before - after) / (2 * bend), -0.5, 0.5)) if bend < 0 else 0.0
