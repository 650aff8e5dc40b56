"""Measures of speech motion against a tracked truth."""

from __future__ import annotations

import numpy as np

from .. import channels
from ..types import MODEL_RATE, FloatArray
from .corpora import LABIALS, Clip, Phone

SILENT = ("SIL", "SP", "")
CLOSED_SHARE = 0.15
"""Lips count as closed in the lowest 15% of the clip's aperture range."""


def column(values: FloatArray, channel: str) -> FloatArray:
    """One channel (T,) of face weights (T, 52)."""
    return values[:, channels.FACE.index(channel)]


def aperture(values: FloatArray) -> FloatArray:
    """How far the lips are apart, in units of jawOpen: jawOpen - mouthClose, (T,)."""
    return np.maximum(column(values, "jawOpen") - column(values, "mouthClose"), 0.0)


def correlation(ours: list[FloatArray], truth: list[FloatArray]) -> float:
    """Pearson's r over all rows of all clips."""
    return float(np.corrcoef(np.concatenate(ours), np.concatenate(truth))[0, 1])


def residual_correlation(ours: list[FloatArray], truth: list[FloatArray]) -> float:
    """r_res: r after the set's mean track and then each clip's mean are taken away, over clips of one length.

    GRID's sentences share one template: a mean track, with no ear for the sound, already scores r .64, and here 0.
    """
    length = min(map(len, truth))
    mine, theirs = (np.stack([track[:length] for track in tracks]) for tracks in (ours, truth))
    mine, theirs = (tracks - theirs.mean(0) for tracks in (mine, theirs))
    mine, theirs = (tracks - tracks.mean(1, keepdims=True) for tracks in (mine, theirs))
    return float(np.corrcoef(mine.ravel(), theirs.ravel())[0, 1])


def closure_rates(apertures: list[FloatArray], clips: list[Clip]) -> tuple[float, float]:
    """Shares of m, b, p (not after silence) that close the lips: of all, and how much more often than other phones.

    Lift cannot be gained by a mouth that is always shut.
    """
    labial, other = [], []
    for opening, clip in zip(apertures, clips, strict=True):
        low = opening.min() + CLOSED_SHARE * (opening.max() - opening.min())
        for before, phone in zip(clip.phones, clip.phones[1:], strict=False):
            if phone.label in SILENT:
                continue
            closes = bool(_within(opening, phone).min() <= low)
            if phone.label not in LABIALS:
                other.append(closes)
            elif before.label not in SILENT:
                labial.append(closes)
    if not labial or not other:
        return float("nan"), float("nan")
    return float(np.mean(labial)), float(np.mean(labial) - np.mean(other))


def _within(track: FloatArray, phone: Phone) -> FloatArray:
    """The rows nearest to a phone, at least one."""
    first = min(round(phone.start * MODEL_RATE.value), len(track) - 1)
    return track[first : max(first + 1, round(phone.end * MODEL_RATE.value))]


def jitter(tracks: list[FloatArray]) -> float:
    """Root mean square of the second difference over that of the first: how restless the motion is."""
    first = np.concatenate([np.diff(track) for track in tracks])
    second = np.concatenate([np.diff(track, n=2) for track in tracks])
    return float(np.sqrt((second**2).mean() / max((first**2).mean(), 1e-12)))


def sync_offset(ours: list[FloatArray], truth: list[FloatArray], reach: int = 6) -> float:
    """Milliseconds by which our track is late: the lag of the highest correlation, by a parabola through its top."""
    lags = np.arange(-reach, reach + 1)
    scores = [correlation([_shift(o, lag, reach) for o in ours], [t[reach:-reach] for t in truth]) for lag in lags]
    top = int(np.clip(np.argmax(scores), 1, len(lags) - 2))
    left, middle, right = scores[top - 1 : top + 2]
    part = 0.5 * (left - right) / (left - 2 * middle + right)
    return float((lags[top] + part) * 1000 / MODEL_RATE.value)


def _shift(track: FloatArray, lag: int, reach: int) -> FloatArray:
    return track[reach + lag : len(track) - reach + lag]
