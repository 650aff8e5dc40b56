"""Timing of a track: synchronisation offset in ms, and jitter."""

from __future__ import annotations

import numpy as np

from ...types import MODEL_RATE, Float32Array
from .correlation import pooled_correlation
from .measure import Measure, Sums, safe_divide

MAX_LAG_ROWS = 6
"""Largest offset in rows in both directions: 200 ms."""


def pooled_sync_offset(ours: list[Float32Array], truth: list[Float32Array]) -> Measure:
    """Return the delay of the tracks in ms: the lag of the highest correlation, refined by a parabola."""
    lags = range(-MAX_LAG_ROWS, MAX_LAG_ROWS + 1)
    longer = [(o, t) for o, t in zip(ours, truth, strict=True) if len(t) > 2 * MAX_LAG_ROWS + 2]
    by_lag = [
        pooled_correlation([_shift(o, lag) for o, _ in longer], [_shift(t, 0) for _, t in longer]) for lag in lags
    ]
    width = by_lag[0].sums.shape[1]

    def figure(sums: Sums) -> Sums:
        by_lag_sums = sums.reshape(*sums.shape[:-1], len(lags), width)
        scores = by_lag[0].statistic(by_lag_sums)
        top = np.clip(np.argmax(np.nan_to_num(scores, nan=-1.0), axis=-1), 1, len(lags) - 2)
        left, middle, right = (np.take_along_axis(scores, (top + d)[..., None], -1)[..., 0] for d in (-1, 0, 1))
        part = 0.5 * safe_divide(right - left, 2 * middle - left - right)
        return (top - MAX_LAG_ROWS + part) * 1000 / MODEL_RATE.value

    return Measure(np.concatenate([measure.sums for measure in by_lag], axis=1), figure)


def pooled_jitter(tracks: list[Float32Array], truth: list[Float32Array] | None = None) -> Measure:
    """Return the root mean square of the second difference over that of the first.

    With `truth`, relative to the truth's (1: equal). The unit cancels: a track that is only larger has the same jitter.
    """
    groups = [tracks] if truth is None else [tracks, truth]
    sums = np.concatenate([[_differences(track) for track in group] for group in groups], axis=1)

    def figure(sums: Sums) -> Sums:
        ours = _ratio(sums[..., :4])
        return ours if truth is None else safe_divide(ours, _ratio(sums[..., 4:]))

    return Measure(sums, figure)


def jitter(tracks: list[Float32Array]) -> float:
    """Return the value of `pooled_jitter`."""
    return pooled_jitter(tracks).value


def sync_offset(ours: list[Float32Array], truth: list[Float32Array]) -> float:
    """Return the value of `pooled_sync_offset`."""
    return pooled_sync_offset(ours, truth).value


def _differences(track: Float32Array) -> list[float]:
    first, second = np.diff(track.astype(float)), np.diff(track.astype(float), n=2)
    return [float(first @ first), len(first), float(second @ second), len(second)]


def _ratio(sums: Sums) -> Sums:
    first, second = safe_divide(sums[..., 0], sums[..., 1]), safe_divide(sums[..., 2], sums[..., 3])
    return np.sqrt(safe_divide(second, first))


def _shift(track: Float32Array, lag: int) -> Float32Array:
    return track[MAX_LAG_ROWS + lag : len(track) - MAX_LAG_ROWS + lag]
