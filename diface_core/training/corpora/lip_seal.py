"""Closes the lips at m, b and p by the aligned phones."""

from __future__ import annotations

import dataclasses

import numpy as np

from ... import channels
from ...types import MODEL_RATE, Float32Array
from ...words import LABIALS
from ..visemes.articulation import PARTING_CHANNELS, SEALED_LIMITS
from .clip import Clip, Phone

SEAL_PROFILE = {0: 1.0, 1: 0.9, 2: 0.25}
"""Share of the gap that is closed by distance in rows from the closure of an m, b or p: lips stay closed for 60 to 100
ms.
"""
OUTSIDE_SHARE = 0.6
"""Factor on that share in rows outside the phone: the lips of its neighbours are not to touch."""
MAX_SEALED_GAP = 0.12
"""Units of jawOpen; if the tracked lips stay further apart than this, the alignment is wrong and nothing is closed."""

JAW, CLOSE = channels.FACE.index("jawOpen"), channels.FACE.index("mouthClose")
PARTING = [index for index, name in enumerate(channels.FACE) if name.startswith(PARTING_CHANNELS)]
LIMITED = {
    index: most for start, most in SEALED_LIMITS.items() for index, name in enumerate(channels.FACE)
    if name.startswith(start)
}  # fmt: skip


def seal_lips(clip: Clip) -> Clip:
    """Return the clip with closed lips in every m, b and p; a tracker of 25 frames/s measures them as nearly closed.

    The shapes that would part closed lips are reduced with the gap.
    """
    values = clip.values.copy()
    gap = np.maximum(values[:, JAW] - values[:, CLOSE], 0.0)
    sealed = _sealed_share(gap, clip.phones)[:, None]
    values[:, [CLOSE]] = values[:, [JAW]] - gap[:, None] * (1 - sealed)
    values[:, PARTING] *= 1 - sealed
    for column, most in LIMITED.items():
        values[:, column] += sealed[:, 0] * (np.minimum(values[:, column], most) - values[:, column])
    return dataclasses.replace(clip, values=np.clip(values, 0.0, 1.0))


def _sealed_share(gap: Float32Array, phones: tuple[Phone, ...]) -> Float32Array:
    """Return the share (T,) of each row's gap that is closed."""
    share = np.zeros(len(gap), np.float32)
    for phone in phones:
        begin, end = phone.start * MODEL_RATE.value, phone.end * MODEL_RATE.value
        first = max(0, round(begin) - 1)
        within = gap[first : round(end) + 2]
        if phone.label in LABIALS and len(within) and within.min() < MAX_SEALED_GAP:
            shut = first + int(within.argmin())
            for row in range(max(0, shut - 2), min(len(gap), shut + 3)):
                inside = row == shut or begin - 0.5 <= row <= end + 0.5
                share[row] = max(share[row], SEAL_PROFILE[abs(row - shut)] * (1.0 if inside else OUTSIDE_SHARE))
    return share
