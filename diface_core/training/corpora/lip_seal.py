"""Closes the lips at m, b and p by the aligned phones."""

from __future__ import annotations

import dataclasses

import numpy as np

from ... import channels
from ...types import MODEL_RATE
from ..visemes.articulation import ARPABET_LABIALS
from .clip import Clip

SEAL_PROFILE = {0: 1.0, 1: 0.75, 2: 0.25}
"""Share of the gap that is closed by distance in rows from the closure of an m, b or p: lips stay closed for 60 to 100
ms.
"""
MAX_SEALED_GAP = 0.12
"""Units of jawOpen; if the tracked lips stay further apart than this, the alignment is wrong and nothing is closed."""


def seal_lips(clip: Clip) -> Clip:
    """Return the clip with closed lips in every m, b and p; a tracker of 25 frames/s measures them as nearly closed."""
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
