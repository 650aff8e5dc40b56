"""Curves of short movements: bumps that start and end at rest, and slow changes between levels."""

from __future__ import annotations

import numpy as np

from ..motion.easing import cosine_ease
from ..types import AnyFloatArray


def bump(times: AnyFloatArray, onset: float, rise: float, hold: float, fall: float) -> AnyFloatArray:
    """Return a movement (T,) from 0 to 1 and back, at rest at its ends and its top, at `times` (s)."""
    since = times - onset
    return cosine_ease(since / rise) * (1 - cosine_ease((since - rise - hold) / fall))


def levels(times: AnyFloatArray, onsets: AnyFloatArray, targets: AnyFloatArray, seconds: float) -> AnyFloatArray:
    """Return values (T, C) that change to each target in `seconds`, from 0 before the first.

    Args:
        times: (T,) seconds.
        onsets: (K,) seconds at which the changes begin, increasing, at least `seconds` apart.
        targets: (K, C).
        seconds: Duration of a change.
    """
    if not len(onsets):
        return np.zeros((len(times), targets.shape[1]))
    last = np.searchsorted(onsets, times, side="right")
    padded = np.concatenate([np.zeros((1, targets.shape[1])), targets])
    since = times - np.concatenate([[-np.inf], onsets])[last]
    part = cosine_ease(since / seconds)[:, None]
    return padded[np.maximum(last - 1, 0)] * (1 - part) + padded[last] * part


def random_onsets(seconds: float, mean: float, least: float, rng: np.random.Generator) -> AnyFloatArray:
    """Return onsets (K,) of events before `seconds`: `least` seconds apart or more, `mean` on average."""
    count = int(seconds / least) + 1
    waits = least + rng.gamma(2.0, (mean - least) / 2.0, count)
    onsets = np.cumsum(waits) - least
    return onsets[onsets < seconds]
