"""A measure with its confidence interval: sums that every clip adds to, and the figure that the totals give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Sums = npt.NDArray[np.float64]

DRAWS, LEVEL = 1000, 0.95


@dataclass(frozen=True)
class Measure:
    """`sums` (clips, K) and `figure`, which turns totals (..., K) into figures (...), NaN where there is none.

    Whatever is pooled over rows (a correlation, a share, a root mean square) is such a figure, so that drawing clips
    anew costs one product of matrices.
    """

    sums: Sums
    statistic: Callable[[Sums], Sums]

    @property
    def value(self) -> float:
        """The figure over all clips."""
        return float(self.statistic(self.sums.sum(axis=0)))

    def interval(self, level: float = LEVEL, draws: int = DRAWS, seed: int = 0) -> tuple[float, float]:
        """Ends of the bootstrap's percentile interval over clips (Efron 1979); NaN for fewer than two clips."""
        clips = len(self.sums)
        if clips < 2:
            return float("nan"), float("nan")
        counts = np.random.default_rng(seed).multinomial(clips, np.full(clips, 1 / clips), size=draws)
        figures = self.statistic(counts @ self.sums)
        figures = figures[np.isfinite(figures)]
        if not len(figures):
            return float("nan"), float("nan")
        low, high = np.quantile(figures, [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)


def mean_measure(
    totals: list[float] | npt.NDArray[np.floating], counts: list[float] | npt.NDArray[np.floating]
) -> Measure:
    """The mean of what every clip adds up to `totals` (clips,) over `counts` (clips,) values."""
    return Measure(np.stack([np.asarray(totals, float), np.asarray(counts, float)], axis=1), _mean)


def _mean(sums: Sums) -> Sums:
    return safe_divide(sums[..., 0], sums[..., 1])


def safe_divide(numerator: Sums, denominator: Sums) -> Sums:
    """above / below, NaN where `below` is 0 or less."""
    return np.where(denominator > 0, numerator / np.where(denominator > 0, denominator, 1.0), np.nan)
