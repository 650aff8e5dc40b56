"""Diversity of takes of one speech over seeds, by part, relative to the part's movement."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...faces.lip_geometry import lip_gap, region
from ...types import Float32Array
from ..corpora import Phone
from .lip_closures import is_labial
from .measure import Measure, Sums, safe_divide
from .tracks import PAUSE_LABELS, phone_rows


def seed_spread(takes: list[Float32Array]) -> Measure:
    """Return the deviation over seeds divided by that over time; `takes` has (seeds, T, L) per clip.

    0: all seeds are equal; 1: the speech does not determine the part. Root mean square over everything.
    """
    return Measure(np.array([_variance_sums(take) for take in takes]), _variance_ratio)


def seed_spread_by_part(faces: list[Float32Array], phones_by_clip: Sequence[Sequence[Phone]]) -> dict[str, Measure]:
    """Return `seed_spread` of the face's parts for takes (seeds, T, 52) per clip: brows, lips, lip gap in m, b, p.

    The gap in a closure is relative to the movement of the gap over the whole clip.
    """
    gaps = [np.stack([lip_gap(take) for take in takes])[..., None] for takes in faces]
    return {
        "brows": seed_spread([_displacements(takes, "upper_face") for takes in faces]),
        "lips": seed_spread([_displacements(takes, "lips") for takes in faces]),
        "gap in m, b, p": Measure(
            np.array(
                [
                    _variance_sums(gap, _closure_rows(gap, phones))
                    for gap, phones in zip(gaps, phones_by_clip, strict=True)
                ]
            ),
            _variance_ratio,
        ),
    }


def _displacements(takes: Float32Array, landmark: str) -> Float32Array:
    """Return displacements (seeds, T, L * 3) of every eighth vertex."""
    return np.stack([region(landmark).displacements(take)[:, ::8].reshape(len(take), -1) for take in takes])


def _closure_rows(gap: Float32Array, phones: Sequence[Phone]) -> np.ndarray:
    """Return the row of each m, b, p at which the seeds' mean gap (seeds, T, 1) is smallest."""
    middle = gap.mean(axis=0)[:, 0]
    windows = [phone_rows(p, len(middle), 1) for p in phones if p.label not in PAUSE_LABELS and is_labial(p.label)]
    return np.array([w.start + int(middle[w].argmin()) for w in windows], int)


def _variance_sums(takes: Float32Array, rows: np.ndarray | None = None) -> list[float]:
    """Return the summed variance over seeds (of `rows`) and its count; over time, and its count."""
    judged = takes if rows is None else takes[:, rows]
    over_seeds, over_time = judged.var(axis=0, ddof=1), takes.var(axis=1)
    return [float(over_seeds.sum()), over_seeds.size, float(over_time.sum()), over_time.size]


def _variance_ratio(sums: Sums) -> Sums:
    return np.sqrt(safe_divide(safe_divide(sums[..., 0], sums[..., 1]), safe_divide(sums[..., 2], sums[..., 3])))
