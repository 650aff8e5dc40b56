"""When and how long the lips touch on m, b, p, and where they touch without one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ...faces.lip_geometry import SHUT_GAP_MM, lip_gap
from ...types import MODEL_RATE, Float32Array
from ..corpora import Phone
from .lip_closures import is_labial
from .measure import Measure, mean_measure
from .tracks import PAUSE_LABELS, phone_rows

MARGIN_ROWS = 2
"""Rows around a phone in which its apex lies: phones are known to about 20 ms, and lips close early."""
APEX_MM = 0.1
"""Gaps this close to the smallest belong to the apex, whose middle counts."""


def contact_apex_within_a_frame(
    ours: list[Float32Array],
    truth: list[Float32Array],
    phones_by_clip: Sequence[Sequence[Phone]],
    after_pauses: bool = True,
) -> Measure:
    """Return the share of m, b, p whose lips are closest within one row (33 ms) of the recording's.

    Args:
        ours: Face weights (T, 52) per clip.
        truth: Those of the recordings.
        phones_by_clip: Phones per clip.
        after_pauses: Whether those count that follow a pause: their lips were shut before they can be heard.
    """
    hits, counts = [], []
    for mine, theirs, phones in zip(ours, truth, phones_by_clip, strict=True):
        gaps, judged = (lip_gap(mine), lip_gap(theirs)), _labial_rows(phones, len(mine), after_pauses)
        apart = [abs(_apex(gaps[0][rows]) - _apex(gaps[1][rows])) for rows in judged]
        hits.append(float(sum(rows <= 1.0 for rows in apart)))
        counts.append(float(len(apart)))
    return mean_measure(hits, counts)


def contact_duration(faces: list[Float32Array], phones_by_clip: Sequence[Sequence[Phone]]) -> Measure:
    """Return how long, in ms, lips that touch on an m, b, p stay within SHUT_GAP_MM, mean over those that touch."""
    totals, counts = [], []
    for face, phones in zip(faces, phones_by_clip, strict=True):
        gap = lip_gap(face)
        found = [_contact_rows(gap, rows) for rows in _labial_rows(phones, len(face))]
        found = [rows for rows in found if rows]
        totals.append(sum(found) * 1000 / MODEL_RATE.value)
        counts.append(float(len(found)))
    return mean_measure(totals, counts)


def false_contact(faces: list[Float32Array], phones_by_clip: Sequence[Sequence[Phone]]) -> Measure:
    """Return the share of phones whose lips touch though neither they nor their neighbours are m, b, p."""
    hits, counts = [], []
    for face, phones in zip(faces, phones_by_clip, strict=True):
        gap = lip_gap(face)
        shut = [bool(gap[phone_rows(phone, len(gap))].min() < SHUT_GAP_MM) for phone in _far_from_labials(phones)]
        hits.append(float(sum(shut)))
        counts.append(float(len(shut)))
    return mean_measure(hits, counts)


def _labial_rows(phones: Sequence[Phone], rows: int, after_pauses: bool = True) -> Iterator[slice]:
    for before, phone in zip((None, *phones), phones, strict=False):
        if is_labial(phone.label) and (after_pauses or (before and before.label not in PAUSE_LABELS)):
            yield phone_rows(phone, rows, MARGIN_ROWS)


def _far_from_labials(phones: Sequence[Phone]) -> Iterator[Phone]:
    for index, phone in enumerate(phones):
        around = phones[max(0, index - 1) : index + 2]
        if phone.label not in PAUSE_LABELS and not any(is_labial(near.label) for near in around):
            yield phone


def _apex(gap: Float32Array) -> float:
    """Return the middle of the rows at which the gap is smallest."""
    return float(np.flatnonzero(gap <= gap.min() + APEX_MM).mean())


def _contact_rows(gap: Float32Array, window: slice) -> int:
    """Return the number of consecutive rows around the smallest gap of a window in which the lips touch."""
    middle = window.start + int(gap[window].argmin())
    if gap[middle] >= SHUT_GAP_MM:
        return 0
    apart = np.flatnonzero(gap >= SHUT_GAP_MM)
    before, after = apart[apart < middle], apart[apart > middle]
    return int((after[0] if len(after) else len(gap)) - (before[-1] + 1 if len(before) else 0))
