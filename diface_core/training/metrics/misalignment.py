"""Temporal misalignment of lips and their intensity with the speech, as published by Chae-Yeon et al. (CVPR 2025)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from ...faces.lip_geometry import lip_gap, lip_speed
from ...types import MODEL_RATE, Float32Array
from .correlation import pearson_measure
from .measure import Measure, mean_measure

Track = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

SMOOTHING_ROWS = 2.0
"""Deviation of the Gaussian that smooths the lips' distance before its extrema are found."""
MIN_CLIPS = 8
"""Clips of a speaker below which the intensities are not correlated."""


def mean_temporal_misalignment(ours: list[Float32Array], truth: list[Float32Array]) -> Measure:
    """Return MTM, ms: how far apart in time the lips open and close most, mean over matched extrema.

    The distance of the lips is smoothed, and both sides are aligned by derivative dynamic time warping (Keogh and
    Pazzani 2001). Extrema of one kind that the path matches count, if ours lies between the neighbouring extrema of the
    truth. Here the mean is over all matches; the publication's is over clips.

    Args:
        ours: Face weights (T, 52) per clip.
        truth: The same of the recording.
    """
    delays = [_extremum_delays(_smooth(o), _smooth(t)) for o, t in zip(ours, truth, strict=True)]
    return mean_measure([d.sum() * 1000 / MODEL_RATE.value for d in delays], [len(d) for d in delays])


def speech_lip_intensity_correlation(
    faces: list[Float32Array], sounds: list[Float32Array], speakers: list[str]
) -> Measure:
    """Return SLCC: Pearson's r over clips between the intensity of the speech and of the lips.

    Speech: root mean square of the samples. Lips: root mean square over frames of the mean distance that their vertices
    move from frame to frame. Both are standardised within each speaker; NaN below MIN_CLIPS clips of every speaker.
    """
    speech = np.array([np.sqrt((sound.astype(float) ** 2).mean()) for sound in sounds])
    lips = np.array([np.sqrt((lip_speed(face).astype(float) ** 2).mean()) for face in faces])
    pairs = np.full((2, len(speech)), np.nan)
    for speaker in set(speakers):
        own = np.array([name == speaker for name in speakers])
        if own.sum() >= MIN_CLIPS:
            for row, values in zip(pairs, (speech, lips), strict=True):
                row[own] = (values[own] - values[own].mean()) / max(float(values[own].std()), 1e-12)
    used = np.isfinite(pairs[0])
    return pearson_measure(*([np.array([value]) for value in row[used]] for row in pairs))


def _smooth(weights: Float32Array) -> Track:
    return gaussian_filter1d(lip_gap(weights).astype(float), SMOOTHING_ROWS)


def _extremum_delays(ours: Track, truth: Track) -> Track:
    """Return the distances in rows of the matched extrema."""
    delays: list[int] = []
    path = _derivative_warp(truth, ours)
    every = np.sort(np.concatenate([find_peaks(sign * truth)[0] for sign in (1, -1)]))
    for sign in (1, -1):
        mine, theirs = (set(find_peaks(sign * track)[0].tolist()) for track in (ours, truth))
        for row, column in path.tolist():
            if row in theirs and column in mine:
                at = int(np.searchsorted(every, row))
                first = every[at - 1] if at else 0
                last = every[at + 1] if at + 1 < len(every) else len(truth) - 1
                if first <= column <= last:
                    delays.append(abs(row - column))
    return np.array(delays, float)


def _derivative_warp(first: Track, second: Track) -> Indices:
    """Return the path (K, 2) of dynamic time warping on the differences of two tracks, from their first rows on."""
    x, y = np.diff(first, prepend=first[0]), np.diff(second, prepend=second[0])
    rows, columns = len(x), len(y)
    total = np.full((rows + 1, columns + 1), np.inf)
    total[0, 0] = 0.0
    for diagonal in range(rows + columns - 1):  # cells of an antidiagonal do not depend on each other
        i = np.arange(max(0, diagonal - columns + 1), min(rows, diagonal + 1))
        j = diagonal - i
        before = np.minimum(np.minimum(total[i, j + 1], total[i + 1, j]), total[i, j])
        total[i + 1, j + 1] = np.abs(x[i] - y[j]) + before
    path = []
    i, j = rows, columns
    while i > 0 and j > 0:
        path.append((i - 1, j - 1))
        diagonal, above, left = total[i - 1, j - 1], total[i - 1, j], total[i, j - 1]
        i, j = (i - 1, j - 1) if diagonal <= min(above, left) else (i - 1, j) if above <= left else (i, j - 1)
    return np.array(path[::-1])
