"""A Gaussian filter over rows, and how much of an effect values near pins get."""

from __future__ import annotations

import numpy as np

from ..motion.easing import cosine_ease
from ..types import Float64Array, Pins

FILTER_DEVIATIONS = 3.0
"""Standard deviations after which a Gaussian filter ends."""


def gaussian(values: Float64Array, deviation: float) -> Float64Array:
    """Return values (T, C) through a filter with a deviation in rows.

    The ends continue as point reflections, so that they stay.
    """
    if deviation <= 0.0 or len(values) < 2:
        return values
    reach = max(1, int(np.ceil(FILTER_DEVIATIONS * deviation)))
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    taps /= taps.sum()
    inside = np.minimum(np.arange(1, reach + 1), len(values) - 1)
    before, after = 2 * values[0] - values[inside[::-1]], 2 * values[-1] - values[len(values) - 1 - inside]
    padded = np.concatenate([before, values, after])
    result = taps[reach] * values
    for offset in range(1, reach + 1):
        earlier = padded[reach - offset : reach - offset + len(values)]
        later = padded[reach + offset : reach + offset + len(values)]
        result = result + taps[reach + offset] * (earlier + later)
    return result


def pin_weights(rows: int, columns: int, pins: Pins, reach: float) -> Float64Array:
    """Return how much of an effect each value (rows, columns) gets: 0 at pins, 1 from `reach` rows on."""
    weights = np.ones((rows, columns))
    every_row = np.arange(rows, dtype=np.float64)
    for column in np.unique(pins.channel).tolist():
        at = np.sort(pins.row[pins.channel == column])
        after = np.searchsorted(at, every_row)
        distance = np.minimum(
            np.abs(every_row - at[np.clip(after - 1, 0, len(at) - 1)]),
            np.abs(at[np.clip(after, 0, len(at) - 1)] - every_row),
        )
        weights[:, column] = cosine_ease(distance / reach)
    return weights
