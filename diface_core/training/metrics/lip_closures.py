"""What the lips do on the phones that anybody can lip-read: m, b, p shut; f, v at the teeth; o, w, u round."""

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
SHUT_GAP_MM = 0.5
"""Millimetres between the inner lips of the bundled head that nobody sees."""
ROUND_THRESHOLD, OPEN_THRESHOLD = 0.5, 0.6
"""How round or open a sound is, by its articulation, that counts as such."""

PhonePredicate = Callable[[str], bool]
"""Whether a phone's label, ARPAbet or IPA, is of a kind."""


def is_labial(label: str) -> bool:
    """m, b, p."""
    return label not in PAUSE_LABELS and base_symbol(phone_symbols(label)[0]) in LABIALS


def is_labiodental(label: str) -> bool:
    """f, v."""
    return label not in PAUSE_LABELS and base_symbol(phone_symbols(label)[0]) in LABIODENTALS


def is_round(label: str) -> bool:
    """o, u, w, sh and the like."""
    return (
        label not in PAUSE_LABELS
        and max(articulatory_features(s)[ARTICULATION.index("round")] for s in phone_symbols(label)) >= ROUND_THRESHOLD
    )


def is_open(label: str) -> bool:
    """a and the like."""
    return (
        label not in PAUSE_LABELS
        and base_symbol(phone_symbols(label)[0]) in VOWELS
        and VOWELS[base_symbol(phone_symbols(label)[0])][0] >= OPEN_THRESHOLD
    )


def pooled_closure_rate(apertures: list[Float32Array], phones_by_clip: Sequence[Sequence[Phone]]) -> Measure:
    """Share of m, b, p, not after silence, that reach the lowest 15% of their clip's aperture range."""
    return Measure(_closure_counts(apertures, phones_by_clip), lambda sums: safe_divide(sums[..., 0], sums[..., 1]))


def pooled_closure_lift(apertures: list[Float32Array], phones_by_clip: Sequence[Sequence[Phone]]) -> Measure:
    """How much more often m, b, p close than other phones do: a mouth that is always shut cannot raise it."""

    def figure(sums: Sums) -> Sums:
        return safe_divide(sums[..., 0], sums[..., 1]) - safe_divide(sums[..., 2], sums[..., 3])

    return Measure(_closure_counts(apertures, phones_by_clip), figure)


def closure_rates(apertures: list[Float32Array], phones_by_clip: Sequence[Sequence[Phone]]) -> tuple[float, float]:
    """`closed` and `lift` without their intervals."""
    return pooled_closure_rate(apertures, phones_by_clip).value, pooled_closure_lift(apertures, phones_by_clip).value


def _closure_counts(apertures: list[Float32Array], phones_by_clip: Sequence[Sequence[Phone]]) -> Sums:
    """For every clip how many labials closed and were there, and how many others: (clips, 4)."""
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
    """Clip by clip, the least (or with `narrow` False the most) of the track within each phone of a kind.

    One row more on both sides, for phones are known to about 20 ms.
    """
    pick = np.min if narrow else np.max
    return [
        np.array(
            [pick(track[phone_rows(p, len(track), 1)]) for p in phones if p.label not in PAUSE_LABELS and kind(p.label)]
        )
        for track, phones in zip(tracks, phones_by_clip, strict=True)
    ]


def pooled_share_below(values: list[Float32Array], limit: float) -> Measure:
    """Share of values below `limit`, clip by clip as `per_phone` gives them."""
    return mean_measure([float((v < limit).sum()) for v in values], [len(v) for v in values])


def pooled_mean(values: list[Float32Array]) -> Measure:
    """Mean of values, clip by clip as `per_phone` gives them."""
    return mean_measure([float(v.sum()) for v in values], [len(v) for v in values])


def pooled_contrast(values: list[Float32Array], others: list[Float32Array]) -> Measure:
    """Mean of `some` minus mean of `others`."""
    sums = [[v.sum(), len(v), w.sum(), len(w)] for v, w in zip(values, others, strict=True)]
    return Measure(
        np.array(sums, float), lambda s: safe_divide(s[..., 0], s[..., 1]) - safe_divide(s[..., 2], s[..., 3])
    )
