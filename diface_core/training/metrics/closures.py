"""What the lips do on the phones that anybody can lip-read: m, b, p shut; f, v at the teeth; o, w, u round."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from ...types import FloatArray
from ..corpora import Phone
from ..visemes.articulation import FEATURES as ARTICULATION
from ..visemes.articulation import LABIALS, LABIODENTALS, VOWELS, base, features, sounds
from .measure import Measure, Sums, divided, mean
from .tracks import SILENT, rows_of

CLOSED_SHARE = 0.15
"""Lips count as closed in the lowest 15% of the clip's aperture range."""
SHUT = 0.5
"""Millimetres between the inner lips of the bundled head that nobody sees."""
ROUND, OPEN = 0.5, 0.6
"""How round or open a sound is, by its articulation, that counts as such."""

IsKind = Callable[[str], bool]
"""Whether a phone's label, ARPAbet or IPA, is of a kind."""


def is_labial(label: str) -> bool:
    """m, b, p."""
    return label not in SILENT and base(sounds(label)[0]) in LABIALS


def is_labiodental(label: str) -> bool:
    """f, v."""
    return label not in SILENT and base(sounds(label)[0]) in LABIODENTALS


def is_round(label: str) -> bool:
    """o, u, w, sh and the like."""
    return label not in SILENT and max(features(s)[ARTICULATION.index("round")] for s in sounds(label)) >= ROUND


def is_open(label: str) -> bool:
    """a and the like."""
    return label not in SILENT and base(sounds(label)[0]) in VOWELS and VOWELS[base(sounds(label)[0])][0] >= OPEN


def closed(apertures: list[FloatArray], spoken: Sequence[Sequence[Phone]]) -> Measure:
    """Share of m, b, p, not after silence, that reach the lowest 15% of their clip's aperture range."""
    return Measure(_closures(apertures, spoken), lambda sums: divided(sums[..., 0], sums[..., 1]))


def lift(apertures: list[FloatArray], spoken: Sequence[Sequence[Phone]]) -> Measure:
    """How much more often m, b, p close than other phones do: a mouth that is always shut cannot raise it."""

    def figure(sums: Sums) -> Sums:
        return divided(sums[..., 0], sums[..., 1]) - divided(sums[..., 2], sums[..., 3])

    return Measure(_closures(apertures, spoken), figure)


def closure_rates(apertures: list[FloatArray], spoken: Sequence[Sequence[Phone]]) -> tuple[float, float]:
    """`closed` and `lift` without their intervals."""
    return closed(apertures, spoken).value, lift(apertures, spoken).value


def _closures(apertures: list[FloatArray], spoken: Sequence[Sequence[Phone]]) -> Sums:
    """For every clip how many labials closed and were there, and how many others: (clips, 4)."""
    counts = np.zeros((len(apertures), 4))
    for row, opening, phones in zip(counts, apertures, spoken, strict=True):
        low = opening.min() + CLOSED_SHARE * (opening.max() - opening.min())
        for before, phone in pairwise(phones):
            if phone.label in SILENT:
                continue
            closes = bool(opening[rows_of(phone, len(opening))].min() <= low)
            if not is_labial(phone.label):
                row[2:] += closes, 1
            elif before.label not in SILENT:
                row[:2] += closes, 1
    return counts


def per_phone(
    tracks: list[FloatArray], spoken: Sequence[Sequence[Phone]], kind: IsKind, narrow: bool = True
) -> list[FloatArray]:
    """Clip by clip, the least (or with `narrow` False the most) of the track within each phone of a kind.

    One row more on both sides, for phones are known to about 20 ms.
    """
    pick = np.min if narrow else np.max
    return [
        np.array([pick(track[rows_of(p, len(track), 1)]) for p in phones if p.label not in SILENT and kind(p.label)])
        for track, phones in zip(tracks, spoken, strict=True)
    ]


def share_below(values: list[FloatArray], limit: float) -> Measure:
    """Share of values below `limit`, clip by clip as `per_phone` gives them."""
    return mean([float((v < limit).sum()) for v in values], [len(v) for v in values])


def mean_of(values: list[FloatArray]) -> Measure:
    """Mean of values, clip by clip as `per_phone` gives them."""
    return mean([float(v.sum()) for v in values], [len(v) for v in values])


def contrast(some: list[FloatArray], others: list[FloatArray]) -> Measure:
    """Mean of `some` minus mean of `others`."""
    sums = [[v.sum(), len(v), w.sum(), len(w)] for v, w in zip(some, others, strict=True)]
    return Measure(np.array(sums, float), lambda s: divided(s[..., 0], s[..., 1]) - divided(s[..., 2], s[..., 3]))
