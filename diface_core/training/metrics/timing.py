"""When a track moves, and how restlessly: offset in ms, and jitter."""

from __future__ import annotations

import numpy as np

from ...types import MODEL_RATE, FloatArray
from .correlation import pooled
from .measure import Measure, Sums, divided

REACH = 6
"""Rows to both sides within which the offset is looked for: 200 ms."""


def lateness(ours: list[FloatArray], truth: list[FloatArray]) -> Measure:
    """Milliseconds by which our tracks are late: the lag of the highest correlation, by a parabola through its top."""
    lags = range(-REACH, REACH + 1)
    longer = [(o, t) for o, t in zip(ours, truth, strict=True) if len(t) > 2 * REACH + 2]
    by_lag = [pooled([_shift(o, lag) for o, _ in longer], [_shift(t, 0) for _, t in longer]) for lag in lags]
    width = by_lag[0].sums.shape[1]

    def figure(sums: Sums) -> Sums:
        some = sums.reshape(*sums.shape[:-1], len(lags), width)
        scores = by_lag[0].figure(some)
        top = np.clip(np.argmax(np.nan_to_num(scores, nan=-1.0), axis=-1), 1, len(lags) - 2)
        left, middle, right = (np.take_along_axis(scores, (top + d)[..., None], -1)[..., 0] for d in (-1, 0, 1))
        part = 0.5 * divided(right - left, 2 * middle - left - right)
        return (top - REACH + part) * 1000 / MODEL_RATE.value

    return Measure(np.concatenate([measure.sums for measure in by_lag], axis=1), figure)


def restlessness(tracks: list[FloatArray], truth: list[FloatArray] | None = None) -> Measure:
    """Root mean square of the second difference over that of the first; with `truth`, over the truth's own (1: alike).

    The unit falls out: a track that is only larger is not more restless.
    """
    groups = [tracks] if truth is None else [tracks, truth]
    sums = np.concatenate([[_differences(track) for track in group] for group in groups], axis=1)

    def figure(sums: Sums) -> Sums:
        ours = _ratio(sums[..., :4])
        return ours if truth is None else divided(ours, _ratio(sums[..., 4:]))

    return Measure(sums, figure)


def jitter(tracks: list[FloatArray]) -> float:
    """`restlessness` without its interval."""
    return restlessness(tracks).value


def sync_offset(ours: list[FloatArray], truth: list[FloatArray]) -> float:
    """`lateness` without its interval."""
    return lateness(ours, truth).value


def _differences(track: FloatArray) -> list[float]:
    first, second = np.diff(track.astype(float)), np.diff(track.astype(float), n=2)
    return [float(first @ first), len(first), float(second @ second), len(second)]


def _ratio(sums: Sums) -> Sums:
    first, second = divided(sums[..., 0], sums[..., 1]), divided(sums[..., 2], sums[..., 3])
    return np.sqrt(divided(second, first))


def _shift(track: FloatArray, lag: int) -> FloatArray:
    return track[REACH + lag : len(track) - REACH + lag]
