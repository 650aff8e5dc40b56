"""Where the lips are shut in a clip, as a track of distances in rows, and the labels of the detector from it.

A distance changes by one from row to row: unlike a label it can be resampled with the sound at any speed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from ...audio.speech_encoder import LOUDNESS
from ...learning.sequence import TrainingSequence
from ...types import MODEL_RATE, Float32Array
from ..corpora import Clip
from ..corpora.lip_seal import MAX_SEALED_GAP
from ..metrics import aperture
from ..metrics.lip_closures import is_labial
from ..row_network import Example

FAR = 8.0
"""Rows to a closure from which on they are not counted."""
FROM_TRACKER = ("grid_s1",)
"""Sources whose lips were tracked: there the lips say when they are shut, elsewhere the phones."""
SAME_GAP = 0.003
"""jawOpen - mouthClose, 0.1 mm: gaps this close to the smallest are as shut."""
EDGE_ROWS = 0.45
"""Rows by which lips are shut after a phone begins, and parted before it ends."""

SHUT_ROWS, UNSURE_ROWS = 0.5, 1.5
"""Largest distance of a row that is shut, and of one that does not count."""
QUIET, QUIET_WEIGHT = -1.2, 0.2
"""Loudness below which nobody speaks, and the weight of these rows."""


def with_rows_to_closure(clip: Clip) -> Clip:
    """Return the clip whose values (T, 1) are the rows to the nearest closure, at most FAR."""
    rows = np.arange(len(clip.values))
    distance = np.full(len(rows), FAR, np.float32)
    for first, last in _closures(clip):
        distance = np.minimum(distance, np.maximum(np.maximum(first - rows, rows - last), 0))
    return dataclasses.replace(clip, values=distance.astype(np.float32)[:, None], known=np.ones(1, bool))


def label(sequence: TrainingSequence) -> Example:
    """Return the labels of a sequence whose values (T, 1) are rows to the nearest closure.

    Every closure has a label, also one that is shorter than a row.
    """
    distance = np.asarray(sequence.values[:, 0], np.float32)
    beside = np.pad(distance, 1, constant_values=FAR)
    nearest = (distance <= beside[:-2]) & (distance <= beside[2:]) & (distance < 1)
    shut = (distance <= SHUT_ROWS) | nearest
    weights = np.where(np.asarray(sequence.features[:, LOUDNESS]) < QUIET, QUIET_WEIGHT, 1.0)
    weights = np.where(shut, 1.0, np.where(distance < UNSURE_ROWS, 0.0, weights))
    return Example(sequence.features, shut.astype(np.float32)[:, None], weights.astype(np.float32))


def _closures(clip: Clip) -> Iterator[tuple[float, float]]:
    """Yield the first and the last row, in fractions, of the closure of every m, b and p."""
    gap = aperture(clip.values)
    for phone in clip.phones:
        if not is_labial(phone.label):
            continue
        begin, end = phone.start * MODEL_RATE.value, phone.end * MODEL_RATE.value
        if clip.source in FROM_TRACKER:
            first = max(0, round(begin) - 1)
            yield from _tracked_closure(gap[first : round(end) + 2], first)
        else:
            half = max((end - begin) / 2 - EDGE_ROWS, SHUT_ROWS)
            yield (begin + end) / 2 - half, (begin + end) / 2 + half


def _tracked_closure(gap: Float32Array, first: int) -> Iterator[tuple[float, float]]:
    """Yield the rows around the smallest gap that are as shut; nothing if the lips are too far apart to be closed."""
    if not len(gap) or gap.min() >= MAX_SEALED_GAP:
        return
    apart = np.flatnonzero(gap > gap.min() + SAME_GAP)
    nearest = int(gap.argmin())
    before, after = apart[apart < nearest], apart[apart > nearest]
    yield first + (before[-1] + 1 if len(before) else 0), first + (after[0] - 1 if len(after) else len(gap) - 1)
