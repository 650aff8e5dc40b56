"""A measure with its confidence interval: sums per clip, and the figure computed from their totals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Sums = npt.NDArray[np.float64]

DRAWS, LEVEL = 1000, 0.95


@dataclass(frozen=True)
class Measure:
    """`sums` (clips, K) and `figure`, which maps totals (..., K) to figures (...), NaN where undefined.

    Everything pooled over rows (a correlation, a share, a root mean square) is such a figure, so that bootstrapping
    clips costs one product of matrices.
    """

    sums: Sums
    statistic: Callable[[Sums], Sums]

    @property
    def value(self) -> float:
        """Return the figure over all clips."""
        return float(self.statistic(self.sums.sum(axis=0)))

    def interval(self, level: float = LEVEL, draws: int = DRAWS, seed: int = 0) -> tuple[float, float]:
        """Return the bootstrap's percentile interval over clips (Efron 1979); NaN for fewer than two clips."""
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
    """Return the mean of values, given each clip's `totals` (clips,) and `counts` (clips,)."""
    return Measure(np.stack([np.asarray(totals, float), np.asarray(counts, float)], axis=1), _mean)


def _mean(sums: Sums) -> Sums:
    return safe_divide(sums[..., 0], sums[..., 1])


def safe_divide(numerator: Sums, denominator: Sums) -> Sums:
    """Return numerator / denominator, NaN where the denominator is 0 or less."""
    return np.where(denominator > 0, numerator / np.where(denominator > 0, denominator, 1.0), np.nan)
