"""Correlation of a track with the truth: Pearson's r, and r_res."""

from __future__ import annotations

import numpy as np

from ...types import Float32Array
from .measure import Measure, Sums, safe_divide


def pooled_correlation(ours: list[Float32Array], truth: list[Float32Array]) -> Measure:
    """Return Pearson's r over all rows of all clips; NaN where one of the two never moves."""
    return pearson_measure([o.astype(float) for o in ours], [t.astype(float) for t in truth])


def pearson_measure(x: list[Sums], y: list[Sums]) -> Measure:
    """Return Pearson's r over all values of all clips, (T,) per clip."""
    sums = np.array([_moments(a, b) for a, b in zip(x, y, strict=True)]).reshape(-1, 6)
    return Measure(sums, _pearson)


def pooled_residual_correlation(ours: list[Float32Array], truth: list[Float32Array]) -> Measure:
    """Return r_res: r after the set's mean track and each clip's mean are removed, for clips of one length.

    GRID's sentences share one template: a mean track, independent of the sound, already has r .64, and r_res 0.
    """
    length = min(map(len, truth))
    mine, theirs = (np.stack([track[:length].astype(float) for track in tracks]) for tracks in (ours, truth))
    mine, theirs = (tracks - theirs.mean(0) for tracks in (mine, theirs))
    mine, theirs = (tracks - tracks.mean(1, keepdims=True) for tracks in (mine, theirs))
    return Measure(np.array([_moments(o, t) for o, t in zip(mine, theirs, strict=True)]), _pearson)


def correlation(ours: list[Float32Array], truth: list[Float32Array]) -> float:
    """Return the value of `pooled_correlation`."""
    return pooled_correlation(ours, truth).value


def residual_correlation(ours: list[Float32Array], truth: list[Float32Array]) -> float:
    """Return the value of `pooled_residual_correlation`."""
    return pooled_residual_correlation(ours, truth).value


def _moments(x: Sums, y: Sums) -> list[float]:
    return [len(x), float(x.sum()), float(y.sum()), float(x @ x), float(y @ y), float(x @ y)]


def _pearson(sums: Sums) -> Sums:
    """Return r from n, and the sums of x, y, x², y² and xy in the last axis (..., 6)."""
    n, x, y, xx, yy, xy = np.moveaxis(np.asarray(sums, float), -1, 0)
    n = np.maximum(n, 1)
    spread = (xx - x * x / n) * (yy - y * y / n)
    moves = spread > 1e-12 * np.maximum(xx * yy, 1e-30)  # a constant leaves rounding errors
    return safe_divide(xy - x * y / n, np.sqrt(np.where(moves, spread, 0.0)))
