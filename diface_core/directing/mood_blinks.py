"""More or fewer blinks: some of those that a motion has are left out, or others are added between them."""

from __future__ import annotations

import numpy as np

from ..layers.blinks import CLOSING, OPENING, REFRACTORY, SHUT, Blinks
from ..types import Float64Array, FrameRate

LIDS = ("eyeBlinkLeft", "eyeBlinkRight")
SHUT_WEIGHT, OPEN_WEIGHT = 0.6, 0.15
"""eyeBlink from which lids are shut, and up to which a blink is over."""
USUAL_INTERVAL = 2.6
"""Seconds from blink to blink in conversation: 23 per minute, as the layer makes them."""


def with_blink_rate(
    values: Float64Array, names: tuple[str, ...], rate: FrameRate, factor: Float64Array, seed: int
) -> Float64Array:
    """Return a motion whose lids blink `factor` (T,) times as often. Each choice depends on the seed and its time."""
    columns = [names.index(name) for name in LIDS if name in names]
    if not columns or np.all(factor == 1.0):
        return values
    changed = values.copy()
    lids = values[:, columns].max(axis=1)
    spans = blink_spans(lids)
    for first, last in spans:
        chance = np.random.default_rng([seed, 7, first]).random()
        if chance > factor[(first + last) // 2]:
            changed[first : last + 1, columns] = np.minimum(changed[first : last + 1, columns], OPEN_WEIGHT)
    onsets = _more_onsets(spans, rate, factor, seed)
    if len(onsets):
        closure = Blinks(onsets, np.ones(len(onsets))).closure(np.arange(len(values)) / rate.value)
        changed[:, columns] = np.maximum(changed[:, columns], closure[:, None])
    return changed


def blink_spans(lids: Float64Array) -> list[tuple[int, int]]:
    """Return the first and the last row of each blink of lids (T,)."""
    moving = np.concatenate([[False], lids > OPEN_WEIGHT, [False]])
    edges = np.flatnonzero(moving[1:] != moving[:-1]).reshape(-1, 2)
    return [(int(first), int(end) - 1) for first, end in edges if lids[first:end].max() > SHUT_WEIGHT]


def _more_onsets(spans: list[tuple[int, int]], rate: FrameRate, factor: Float64Array, seed: int) -> Float64Array:
    """Return onsets in seconds of blinks between those that there are."""
    occupied = [(first / rate.value, last / rate.value) for first, last in spans]
    rng, now, length = np.random.default_rng([seed, 8]), 0.0, CLOSING + SHUT + OPENING
    onsets = []
    while True:
        now += REFRACTORY + rng.exponential(USUAL_INTERVAL)
        row = int(now * rate.value)
        if row >= len(factor) - int(length * rate.value):
            return np.array(onsets, np.float64)
        is_free = all(now + length + 0.3 < first or now > last + 0.3 for first, last in occupied)
        if rng.random() < factor[row] - 1.0 and is_free:
            onsets.append(now)
