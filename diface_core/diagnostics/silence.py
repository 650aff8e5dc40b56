"""A mouth that moves in silence."""

from __future__ import annotations

import numpy as np

from ..faces.lip_geometry import lip_speed
from ..types import Finding, Float32Array, Pins
from .evidence import Evidence, runs
from .poses import pose_pins, sealed_mouth

MARGIN_SECONDS = 0.3
"""The mouth opens before speech and closes after it within this time."""
MIN_SECONDS = 0.3
"""Shorter silences are not checked."""
MOVING_MM_S = 12.0
"""Mean speed of the lips' vertices, above the reference's, from which a mouth moves."""
PIN_SECONDS = 0.15
"""Seconds between the pins that hold the mouth still."""


def moving_in_silence(weights: Float32Array, evidence: Evidence) -> list[Finding]:
    """Return the silences in which the mouth of face weights (T, 52) moves; `amount` is its mean speed in mm/s."""
    rate, found = evidence.rate, []
    if len(weights) < 2:
        return found
    window = max(1, round(MIN_SECONDS * rate.value))
    excess = lip_speed(weights, rate) - lip_speed(evidence.reference, rate)
    smooth = np.convolve(excess, np.ones(window) / window, mode="same")
    silent = ~evidence.speech_mask(MARGIN_SECONDS)
    for first, last in runs(silent):
        if last - first < window:
            continue
        moving = runs(smooth[first:last] > MOVING_MM_S)
        if moving:
            begin, end = first + moving[0][0], first + moving[-1][1] + 1
            amount = float(smooth[begin:end].max())
            found.append(Finding("moving_in_silence", begin, end, amount, _rest(weights, evidence, first, last)))
    return found


def _rest(weights: Float32Array, evidence: Evidence, first: int, last: int) -> Pins:
    """Return pins that hold the mouth closed from row `first` to `last`."""
    pose = np.median(evidence.reference[first : last + 1], axis=0)
    mouth = sealed_mouth(pose.astype(np.float32), pose.astype(np.float32))
    step = max(1, round(PIN_SECONDS * evidence.rate.value))
    rows = sorted({*range(first, last, step), last})
    pins = [pose_pins(row, mouth) for row in rows]
    return Pins(*(np.concatenate([getattr(some, name) for some in pins]) for name in ("row", "channel", "value")))
