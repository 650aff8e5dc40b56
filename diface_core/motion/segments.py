"""Which rows of a Motion are made anew: those that are kept whole are not computed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..types import MODEL_RATE, BoolArray, FrameRate

CONTEXT = 40
"""Rows of the models to either side of a stretch that they are shown: as far as the face's denoiser sees, and more."""
STRIDE = 32
"""Windows begin at multiples of this, as the rows of every denoiser pair up."""


@dataclass(frozen=True)
class Segment:
    """Rows `first` to `last` of the Motion asked for, and the models' rows `begin` to `end` that are needed for it."""

    first: int
    last: int
    model_begin: int
    model_end: int


def find_segments(known_mask: BoolArray, rate: FrameRate, model_rows: int) -> list[Segment]:
    """The stretches in which not everything of `keep` (T, C) is True, in order; `rows` is how many the models have.

    Stretches of which the models would be shown the same rows are one.
    """
    scale = MODEL_RATE.value / rate.value
    free = np.flatnonzero(~known_mask.all(axis=1))
    found: list[Segment] = []
    for some in np.split(free, np.flatnonzero(np.diff(free) > 1) + 1) if len(free) else ():
        first, last = int(some[0]), int(some[-1]) + 1
        begin = max(0, math.floor((first * scale - CONTEXT) / STRIDE) * STRIDE)
        end = min(model_rows, math.ceil(last * scale) + CONTEXT)
        if found and begin < found[-1].model_end:
            before = found.pop()
            first, begin = before.first, before.model_begin
        found.append(Segment(first, last, min(begin, model_rows - 1), end))
    return found
