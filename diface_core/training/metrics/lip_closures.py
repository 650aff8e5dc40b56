"""Lips on the phones that can be lip-read: m, b, p closed; f, v at the teeth; o, w, u round."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from ...types import Float32Array
from ..corpora import Phone
from ..visemes.articulation import FEATURES as ARTICULATION
from ..visemes.articulation import LABIALS, LABIODENTALS, VOWELS, articulatory_features, base_symbol, phone_symbols
from .measure import Measure, Sums, mean_measure, safe_divide
from .tracks import PAUSE_LABELS, phone_rows

CLOSED_SHARE = 0.15
"""Lips count as closed in the lowest 15% of the clip's aperture range."""
ROUND_THRESHOLD, OPEN_THRESHOLD = 0.5, 0.6
"""Degrees of roundness and openness of a sound's articulation that count as round or open."""

PhonePredicate = Callable[[str], bool]
"""Whether a phone's label, ARPAbet or IPA, is of a kind."""


def is_labial(label: str) -> bool:
    """Return whether the phone is m, b or p."""
    return label not in PAUSE_LABELS and base_symbol(phone_symbols(label)[0]) in LABIALS


def is_labiodental(label: str) -> bool:
    """Return whether the phone is f or v."""
    return label not in PAUSE_LABELS and base_symbol(phone_symbols(label)[0]) in LABIODENTALS


def is_round(label: str) -> bool:
    """Return whether the phone is round: o, u, w, sh and similar."""
    return (
        label not in PAUSE_LABELS
        and max(articulatory_features(s)[ARTICULATION.index("round")] for s in phone_symbols(label)) >= ROUND_THRESHOLD
    )


def is_open(label: str) -> bool:
    """Return whether the phone is an open vowel: a and similar."""
    return (
        label not in PAUSE_LABELS
        and base_symbol(phone_symbols(label)[0]) in VOWELS
        and VOWELS[base_symbol(phone_symbols(label)[0])][0] >= OPEN_THRESHOLD
    )


def pooled_closure_rate(apertures: list[Float32Array], phones_by_clip: Sequence[Sequence[Phone]]) -> Measure:
    """Return the share of m, b, p, not after silence, that reach the lowest 15% of their clip's aperture range."""
    return Measure(_closure_counts(apertures, phones_by_clip), lambda sums: safe_divide(sums[..., 0], sums[..., 1]))


def pooled_closure_lift(apertures: list[Float32Array], phones_by_clip: Sequence[Sequence[Phone]]) -> Measure:
    """Return how much more often m, b, p close than other phones: a mouth that is always shut has 0."""

    def figure(sums: Sums) -> Sums:
        return safe_divide(sums[..., 0], sums[..., 1]) - safe_divide(sums[..., 2], sums[..., 3])

    return Measure(_closure_counts(apertures, phones_by_clip), figure)


def closure_rates(apertures: list[Float32Array], phones_by_clip: Sequence[Sequence[Phone]]) -> tuple[float, float]:
    """Return the values of `pooled_closure_rate` and `pooled_closure_lift`."""
    return pooled_closure_rate(apertures, phones_by_clip).value, pooled_closure_lift(apertures, phones_by_clip).value


def _closure_counts(apertures: list[Float32Array], phones_by_clip: Sequence[Sequence[Phone]]) -> Sums:
    """Return per clip how many labials closed, their number, and the same of the others: (clips, 4)."""
    counts = np.zeros((len(apertures), 4))
    for row, opening, phones in zip(counts, apertures, phones_by_clip, strict=True):
        low = opening.min() + CLOSED_SHARE * (opening.max() - opening.min())
        for before, phone in pairwise(phones):
            if phone.label in PAUSE_LABELS:
                continue
            closes = bool(opening[phone_rows(phone, len(opening))].min() <= low)
            if not is_labial(phone.label):
                row[2:] += closes, 1
            elif before.label not in PAUSE_LABELS:
                row[:2] += closes, 1
    return counts


def phone_extremes(
    tracks: list[Float32Array], phones_by_clip: Sequence[Sequence[Phone]], kind: PhonePredicate, narrow: bool = True
) -> list[Float32Array]:
    """Return per clip the smallest (or with `narrow` False the largest) value of the track within each phone.

    One more row on both sides is included: phones are known to about 20 ms.

    Args:
        tracks: (T,) per clip.
        phones_by_clip: Phones per clip.
        kind: Which phones to return.
        narrow: Whether the smallest value is taken.
    """
    pick = np.min if narrow else np.max
    return [
        np.array(
            [pick(track[phone_rows(p, len(track), 1)]) for p in phones if p.label not in PAUSE_LABELS and kind(p.label)]
        )
        for track, phones in zip(tracks, phones_by_clip, strict=True)
    ]


def pooled_share_below(values: list[Float32Array], limit: float) -> Measure:
    """Return the share of values below `limit`; values per clip as of `phone_extremes`."""
    return mean_measure([float((v < limit).sum()) for v in values], [len(v) for v in values])


def pooled_mean(values: list[Float32Array]) -> Measure:
    """Return the mean of values per clip as of `phone_extremes`."""
    return mean_measure([float(v.sum()) for v in values], [len(v) for v in values])


def pooled_contrast(values: list[Float32Array], others: list[Float32Array]) -> Measure:
    """Return the mean of `values` minus the mean of `others`."""
    sums = [[v.sum(), len(v), w.sum(), len(w)] for v, w in zip(values, others, strict=True)]
    return Measure(
        np.array(sums, float), lambda s: safe_divide(s[..., 0], s[..., 1]) - safe_divide(s[..., 2], s[..., 3])
    )
