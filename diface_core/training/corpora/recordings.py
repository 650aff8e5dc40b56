"""The sound of a recorded motion: found next to it, and aligned with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from ... import channels
from ...audio.reading import SAMPLE_RATE, load_clip
from ...errors import AudioError
from ...types import MODEL_RATE, AudioSection, Float32Array
from .clip import resample_to_rows

AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".aiff", ".aif", ".mov", ".mp4", ".m4a")
"""Suffixes in order of preference; a file that soundfile cannot read (most .mov and .mp4) is reported."""

MAX_OFFSET = 1.0
"""Largest offset of a sound's start in seconds, in both directions."""
MIN_OFFSET = 0.1
"""Seconds below which an offset is ignored: lips move before and after they sound, and the estimate is no finer."""
MAX_DRIFT = 0.01
"""Clocks that differ by more belong to two different recordings."""
WINDOW, STEP = 10.0, 5.0
"""Seconds of the windows that are aligned, and between their starts."""
MIN_WINDOWS = 6
"""Number of windows needed to estimate a drift."""
MIN_CORRELATION = 0.3
"""Correlation of loudness and jaw that a window needs to count."""


def find_sound(path: Path) -> Path | None:
    """Return the sound file of the same stem, or None."""
    beside = {file.suffix.lower(): file for file in path.parent.iterdir() if file.stem == path.stem and file != path}
    return next((beside[suffix] for suffix in AUDIO_SUFFIXES if suffix in beside), None)


def load_samples(path: Path) -> Float32Array:
    """Return all samples (N,) at 16 kHz.

    Raises:
        AudioError: The sound cannot be read.
    """
    if path.suffix.lower() in (".mov", ".mp4", ".m4a"):
        try:
            return load_clip(AudioSection(path)).samples
        except AudioError as reason:
            hint = f"Save its sound next to it as {path.stem}.wav."
            raise AudioError(f"The sound in {path.name} cannot be read here.", hint) from reason
    return load_clip(AudioSection(path)).samples


def align_to_sound(values: Float32Array, times: npt.NDArray[np.floating], samples: Float32Array) -> Float32Array:
    """Return the rows (T, 52) of a sound from weights (N, 52) at `times` (s).

    Times count from about the sound's start. If jaw and loudness agree better at another offset, constant or drifting
    by up to a hundredth, it is corrected.
    """
    early, drift = estimate_offset(values, times, samples)
    return resample_to_rows(values, times * (1 + drift) + early, len(samples))


def estimate_offset(
    values: Float32Array, times: npt.NDArray[np.floating], samples: Float32Array
) -> tuple[float, float]:
    """Return the motion's lead in seconds at its start, and its increase per second; (0, 0) if unclear."""
    jaw = resample_to_rows(values, times, len(samples))[:, channels.FACE.index("jawOpen")]
    loud = _loudness(samples, len(jaw))
    rate, reach = MODEL_RATE.value, round(MAX_OFFSET * MODEL_RATE.value)
    at, lags = [], []
    for first in range(reach, max(reach + 1, len(jaw) - round(WINDOW * rate) - reach), round(STEP * rate)):
        part = slice(first, min(first + round(WINDOW * rate), len(jaw) - reach))
        agree = [
            _correlation(jaw[part], loud[part.start + k : part.stop + k]) for k in range(-reach, reach + 1)
        ]  # fmt: skip
        if max(agree, default=0.0) >= MIN_CORRELATION:
            at.append((part.start + part.stop) / 2 / rate)
            lags.append((int(np.argmax(agree)) - reach) / rate)
    if not lags:
        return 0.0, 0.0
    start, slope = float(np.median(lags)), 0.0
    if len(lags) >= MIN_WINDOWS:
        line: Any = stats.theilslopes(lags, at)
        if abs(line.slope) <= MAX_DRIFT and np.ptp(at) * abs(line.slope) >= MIN_OFFSET:
            start, slope = float(line.intercept), float(line.slope)
    return (0.0, 0.0) if slope == 0.0 and abs(start) < MIN_OFFSET else (start, slope)


def _loudness(samples: Float32Array, rows: int) -> Float32Array:
    """Return the root of the energy (rows,) around each row."""
    hop = SAMPLE_RATE // 30
    padded = np.pad(samples, (0, max(0, rows * hop + hop - len(samples))))[: rows * hop]
    energy = np.sqrt(np.square(padded).reshape(rows, hop).mean(1))
    return np.convolve(energy, np.ones(3) / 3, "same").astype(np.float32)


def _correlation(a: Float32Array, b: Float32Array) -> float:
    if len(a) != len(b) or len(a) < 30 or a.std() < 1e-6 or b.std() < 1e-6:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])
