"""How much takes of one speech differ, and where: over seeds, against how much the part moves at all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...types import FloatArray
from ..corpora import Phone
from .closures import is_labial
from .geometry import lip_gap, region
from .measure import Measure, Sums, divided
from .tracks import SILENT, rows_of


def spread(takes: list[FloatArray]) -> Measure:
    """Deviation over seeds over deviation over time; `takes` has (seeds, T, L) per clip.

    0: every seed gives the same; 1: knowing the speech says nothing about the part. Root mean square over everything.
    """
    return Measure(np.array([_variances(take) for take in takes]), _root)


def by_part(faces: list[FloatArray], spoken: Sequence[Sequence[Phone]]) -> dict[str, Measure]:
    """`spread` of the face's parts for takes (seeds, T, 52) per clip: brows, lips, and the lips' gap in m, b, p.

    The gap in a closure is measured against how much the gap moves over the whole clip.
    """
    gaps = [np.stack([lip_gap(take) for take in takes])[..., None] for takes in faces]
    return {
        "brows": spread([_moved(takes, "upper_face") for takes in faces]),
        "lips": spread([_moved(takes, "lips") for takes in faces]),
        "gap in m, b, p": Measure(
            np.array([_variances(gap, _closing(gap, phones)) for gap, phones in zip(gaps, spoken, strict=True)]), _root
        ),
    }


def _moved(takes: FloatArray, landmark: str) -> FloatArray:
    """Displacements (seeds, T, L * 3) of every eighth vertex."""
    return np.stack([region(landmark).moved(take)[:, ::8].reshape(len(take), -1) for take in takes])


def _closing(gap: FloatArray, phones: Sequence[Phone]) -> np.ndarray:
    """The row of each m, b, p in which the seeds' mean gap (seeds, T, 1) is least."""
    middle = gap.mean(axis=0)[:, 0]
    windows = [rows_of(p, len(middle), 1) for p in phones if p.label not in SILENT and is_labial(p.label)]
    return np.array([w.start + int(middle[w].argmin()) for w in windows], int)


def _variances(takes: FloatArray, rows: np.ndarray | None = None) -> list[float]:
    """Summed variance over seeds (of `rows`) and its count; over time, and its count."""
    judged = takes if rows is None else takes[:, rows]
    over_seeds, over_time = judged.var(axis=0, ddof=1), takes.var(axis=1)
    return [float(over_seeds.sum()), over_seeds.size, float(over_time.sum()), over_time.size]


def _root(sums: Sums) -> Sums:
    return np.sqrt(divided(divided(sums[..., 0], sums[..., 1]), divided(sums[..., 2], sums[..., 3])))
