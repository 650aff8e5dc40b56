"""Sync offset: the whole mouth is earlier or later than its sound."""

from __future__ import annotations

import numpy as np

from ..faces.lip_geometry import SHUT_GAP_MM, lip_gap
from ..types import AnyFloatArray, Finding, Float32Array, Pins
from .evidence import Evidence

MAX_SECONDS = 1.0
"""Largest offset that is looked for."""
MIN_SECONDS = 0.045
"""Smallest offset that is reported: the sound leads by 45 ms where half of the viewers notice (ITU-R BT.1359-1)."""
MIN_CORRELATION, MIN_GAIN = 0.5, 0.1
"""Correlation with the reference at the offset, and how much higher it is than without an offset."""
MIN_OVERLAP_SECONDS = 1.5
"""Overlap of motion and reference from which a correlation is meaningful."""


def sync_offset(weights: Float32Array, evidence: Evidence) -> list[Finding]:
    """Return at most one finding; `amount` is how many seconds face weights (T, 52) are later than their sound."""
    gap, reference = lip_gap(weights), lip_gap(evidence.reference)
    rate, rows = evidence.rate, len(gap)
    furthest = min(round(MAX_SECONDS * rate.value), rows - round(MIN_OVERLAP_SECONDS * rate.value))
    if furthest < 1:
        return []
    lags = np.arange(-furthest, furthest + 1)
    scores = np.array([_correlation(gap, reference, lag) for lag in lags.tolist()])
    best = int(scores.argmax())
    seconds = lags[best] / rate.value
    if abs(seconds) < MIN_SECONDS or scores[best] < max(MIN_CORRELATION, scores[furthest] + MIN_GAIN):
        return []
    return [Finding("sync_offset", 0, rows - 1, float(seconds), Pins.empty())]


def _correlation(gap: AnyFloatArray, reference: AnyFloatArray, lag: int) -> float:
    """Return the correlation of two tracks (T,), the first moved `lag` rows earlier."""
    end = len(gap)
    ours, theirs = gap[max(lag, 0) : end + min(lag, 0)], reference[max(-lag, 0) : end - max(lag, 0)]
    if min(float(np.ptp(ours)), float(np.ptp(theirs))) < SHUT_GAP_MM:
        return 0.0
    return float(np.corrcoef(ours, theirs)[0, 1])
