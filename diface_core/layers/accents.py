"""Accents: syllables that are louder than those around them, from the loudness alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..types import MODEL_RATE, AnyFloatArray

HEARD = (-1.5, 0.5)
"""Loudness is clipped to this range (0: speech level, 1: 20 dB)."""
SMOOTHING = np.array([0.006, 0.061, 0.242, 0.382, 0.242, 0.061, 0.006])
"""Weights of neighbouring rows: a Gauss function whose deviation is a row."""
QUIETEST, RISE, REACH = -0.7, 0.1, 8
"""A syllable is a peak of the loudness above QUIETEST that rises by RISE (2 dB) within REACH rows on both sides."""
AROUND = 60
"""Rows on either side whose syllables an accent is compared with: 2 s."""
UNIT, LEAST, APART = 0.15, 0.3, 8
"""An accent is louder than the median of the syllables around it by LEAST units of UNIT (3 dB), and the loudest within
APART rows (0.27 s)."""

Peaks = npt.NDArray[Any]


def find_accents(loudness: AnyFloatArray) -> AnyFloatArray:
    """Return the accents (A, 2) of a sound: seconds, increasing, and prominence (0.3 or more; 1 is 3 dB).

    Args:
        loudness: (T,) at MODEL_RATE.
    """
    smooth = np.convolve(np.pad(np.clip(loudness, *HEARD), len(SMOOTHING) // 2, "edge"), SMOOTHING, "valid")
    rows = _syllables(smooth)
    levels = smooth[rows]
    first, last = np.searchsorted(rows, rows - AROUND), np.searchsorted(rows, rows + AROUND, side="right")
    medians = [float(np.median(levels[a:b])) for a, b in zip(first.tolist(), last.tolist(), strict=True)]
    prominence = (levels - np.array(medians)) / UNIT
    first, last = np.searchsorted(rows, rows - APART), np.searchsorted(rows, rows + APART, side="right")
    highest = [bool(levels[k] >= levels[a:b].max()) for k, (a, b) in enumerate(zip(first, last, strict=True))]
    chosen = (prominence > LEAST) & np.array(highest, bool)
    return np.stack([rows[chosen] / MODEL_RATE.value, prominence[chosen]], axis=1)


def _syllables(smooth: AnyFloatArray) -> Peaks:
    """Return the rows (S,) of the peaks of smoothed loudness (T,) that are syllables."""
    peaks = np.flatnonzero((smooth[1:-1] >= smooth[:-2]) & (smooth[1:-1] > smooth[2:])) + 1
    rises = [
        smooth[row] - max(smooth[max(0, row - REACH) : row + 1].min(), smooth[row : row + REACH + 1].min())
        for row in peaks.tolist()
    ]
    return peaks[(smooth[peaks] > QUIETEST) & (np.array(rises) > RISE)] if len(peaks) else peaks
