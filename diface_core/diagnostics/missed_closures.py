"""Missed closures: an m, b or p in the sound where the lips do not meet."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..faces.lip_geometry import lip_gap
from ..types import Finding, Float32Array, FrameRate
from .evidence import Evidence, runs
from .poses import pose_pins, sealed_mouth

CLOSED_MM = 0.75
"""Distance of the lips below which the reference closes them."""
OPEN_MM = 1.0
"""Distance of the lips above which a closure is missed. A smaller one is hardly visible."""
MARGIN_SECONDS = 0.034
"""A closure may be this much earlier or later than that of the reference."""
EDGE_SECONDS = 0.1
"""A closure of the reference counts up to this far outside the speech; further out the mouth rests."""
LONG_SECONDS = 0.25
"""Lips that are closed for longer than an m rest before or after it: only the part next to speech is a closure."""
HELD_SECONDS = 0.1
"""Length of that part."""
END_ROWS = 2
"""A closure that begins in the last rows is cut off by the end of the sound, and not judged."""


def missed_closures(weights: Float32Array, evidence: Evidence) -> list[Finding]:
    """Return the closures that face weights (T, 52) miss; `amount` is the smallest distance of the lips in mm."""
    gap, reference_gap = lip_gap(weights), lip_gap(evidence.reference)
    margin = round(MARGIN_SECONDS * evidence.rate.value)
    found = []
    for first, last in closures(evidence, reference_gap):
        if first >= len(gap) - END_ROWS:
            continue
        window = slice(max(0, first - margin), last + 1 + margin)
        if (amount := float(gap[window].min())) > OPEN_MM:
            row = first + int(reference_gap[first : last + 1].argmin())
            pins = pose_pins(row, sealed_mouth(weights[row], evidence.reference[row]))
            found.append(Finding("missed_closure", first, last, amount, pins))
    return found


def closures(evidence: Evidence, reference_gap: Float32Array) -> Iterator[tuple[int, int]]:
    """Yield the first and last row of each closure that the sound needs."""
    if evidence.closures is not None:
        yield from _phone_rows(evidence.closures, evidence.rate, len(reference_gap))
        return
    speech = evidence.speech_mask(EDGE_SECONDS)
    longest, held = (round(seconds * evidence.rate.value) for seconds in (LONG_SECONDS, HELD_SECONDS))
    for first, last in runs(reference_gap < CLOSED_MM):
        if last - first < longest:
            if speech[first : last + 1].any():
                yield first, last
            continue
        if first > 0 and speech[first - 1 : first + held + 1].all():
            yield first, first + held
        if last < len(speech) - 1 and speech[last : last + 2].all():
            yield last - held, last


def _phone_rows(phones: np.ndarray, rate: FrameRate, rows: int) -> Iterator[tuple[int, int]]:
    for begin, end in np.asarray(phones).reshape(-1, 2):
        first = min(max(0, round(begin * rate.value)), rows - 1)
        yield first, min(max(first, round(end * rate.value) - 1), rows - 1)
