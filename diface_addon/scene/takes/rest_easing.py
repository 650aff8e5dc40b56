"""Eases a generated motion from and to rest at the ends of a take.

Outside its keys a take holds its first and last values. Without easing, a strip that is trimmed in mid-word would leave
the mouth open before and after it. Channels that are at rest at an end are not changed there.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from ...core import types

EASE_SECONDS = 0.2
"""Duration of the transition at either end."""


def ease_ends(
    motion: types.Motion, pins: types.Pins | None = None, mask: npt.NDArray[np.bool_] | None = None
) -> types.Motion:
    """Return a motion whose first and last rows are at rest: 0 in every channel, and no head rotation.

    Args:
        motion: The motion of a whole take, (T, C).
        pins: Values that the motion passes through. In the channel of a pin, a transition ends before it.
        mask: (T, C) bool, what was generated; the rest is not changed. A channel is eased only at ends that were
            generated, and a transition ends before the first row that was not. None: everything.
    """
    rows = len(motion)
    length = min(round(EASE_SECONDS * motion.rate.value), (rows - 1) // 2)
    if length < 1:
        return motion
    values = motion.values.copy()
    for column in range(len(motion.channels)):
        pinned = pins.row[pins.channel == column] if pins is not None else np.zeros(0)
        if mask is not None:
            pinned = np.append(pinned, np.flatnonzero(~mask[:, column]))
        if mask is None or mask[0, column]:
            span = _span(length, pinned)
            values[:span, column] *= _smoothstep(span)
        if mask is None or mask[-1, column]:
            span = _span(length, rows - 1 - pinned)
            values[rows - span :, column] *= _smoothstep(span)[::-1]
    return dataclasses.replace(motion, values=values)


def _span(length: int, pinned: npt.NDArray) -> int:
    """Return how many rows from an end are eased: none at or beyond the first pin."""
    return length if not len(pinned) else max(0, min(length, int(np.ceil(pinned.min()))))


def _smoothstep(count: int) -> npt.NDArray[np.float32]:
    """Return weights (count,) that rise from 0 towards 1."""
    part = np.arange(count) / max(count, 1)
    return (part * part * (3 - 2 * part)).astype(np.float32)
