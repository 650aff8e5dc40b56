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
class Stretch:
    """Rows `first` to `last` of the Motion asked for, and the models' rows `begin` to `end` that are needed for it."""

    first: int
    last: int
    begin: int
    end: int


def stretches(keep: BoolArray, rate: FrameRate, rows: int) -> list[Stretch]:
    """The stretches in which not everything of `keep` (T, C) is True, in order; `rows` is how many the models have.

    Stretches of which the models would be shown the same rows are one.
    """
    scale = MODEL_RATE.value / rate.value
    free = np.flatnonzero(~keep.all(axis=1))
    found: list[Stretch] = []
    for some in np.split(free, np.flatnonzero(np.diff(free) > 1) + 1) if len(free) else ():
        first, last = int(some[0]), int(some[-1]) + 1
        begin = max(0, math.floor((first * scale - CONTEXT) / STRIDE) * STRIDE)
        end = min(rows, math.ceil(last * scale) + CONTEXT)
        if found and begin < found[-1].end:
            before = found.pop()
            first, begin = before.first, before.begin
        found.append(Stretch(first, last, min(begin, rows - 1), end))
    return found
