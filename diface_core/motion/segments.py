"""Segments of a Motion to regenerate: rows that are known in every channel are not computed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..types import MODEL_RATE, BoolArray, FrameRate

CONTEXT = 40
"""The models' rows of context on either side of a segment: more than the receptive field of the face's denoiser."""
STRIDE = 32
"""Windows begin at multiples of this, as every denoiser's downsampling requires."""


@dataclass(frozen=True)
class Segment:
    """Rows `first` to `last` of the requested Motion, and the models' rows that are needed for them."""

    first: int
    last: int
    model_begin: int
    model_end: int


def find_segments(known_mask: BoolArray, rate: FrameRate, model_rows: int) -> list[Segment]:
    """Return the segments in which `known_mask` (T, C) is not True everywhere, in order.

    Segments whose model rows overlap are merged. `model_rows` is the number of the models' rows.
    """
    scale = MODEL_RATE.value / rate.value
    free = np.flatnonzero(~known_mask.all(axis=1))
    segments: list[Segment] = []
    for run in np.split(free, np.flatnonzero(np.diff(free) > 1) + 1) if len(free) else ():
        first, last = int(run[0]), int(run[-1]) + 1
        begin = max(0, math.floor((first * scale - CONTEXT) / STRIDE) * STRIDE)
        end = min(model_rows, math.ceil(last * scale) + CONTEXT)
        if segments and begin < segments[-1].model_end:
            previous = segments.pop()
            first, begin = previous.first, previous.model_begin
        segments.append(Segment(first, last, min(begin, model_rows - 1), end))
    return segments
