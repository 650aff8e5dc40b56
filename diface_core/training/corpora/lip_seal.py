"""Lips shut in the closures of m, b and p, where the aligned phones say so."""

from __future__ import annotations

import dataclasses

import numpy as np

from ... import channels
from ...types import MODEL_RATE
from .clip import Clip

ARPABET_LABIALS = ("M", "B", "P")
"""The phones whose lips meet."""
SEAL_PROFILE = {0: 1.0, 1: 0.75, 2: 0.25}
"""How much of the gap is closed so many rows from the closure of an m, b or p: they stay shut for 60 to 100 ms."""
MAX_SEALED_GAP = 0.12
"""Units of jawOpen; where the tracked lips stay further apart than this, the alignment is wrong: nothing is closed."""


def seal_lips(clip: Clip) -> Clip:
    """The clip with its lips shut in every m, b and p, which a tracker of 25 frames/s sees only nearly shut."""
    jaw, close = channels.FACE.index("jawOpen"), channels.FACE.index("mouthClose")
    values = clip.values.copy()
    gap = np.maximum(values[:, jaw] - values[:, close], 0.0)
    for phone in clip.phones:
        first = max(0, round(phone.start * MODEL_RATE.value) - 1)
        within = gap[first : round(phone.end * MODEL_RATE.value) + 2]
        if phone.label in ARPABET_LABIALS and len(within) and within.min() < MAX_SEALED_GAP:
            shut = first + int(within.argmin())
            for row in range(max(0, shut - 2), min(len(gap), shut + 3)):
                gap[row] *= 1 - SEAL_PROFILE[abs(row - shut)]
    values[:, close] = values[:, jaw] - gap
    return dataclasses.replace(clip, values=np.clip(values, 0.0, 1.0))
