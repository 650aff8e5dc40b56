"""Breath: quick and deep in the pauses before one speaks, slow and even while one is silent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..motion.easing import cosine_ease
from ..types import MODEL_RATE, AnyFloatArray

INHALE, EXHALE, QUIET_DEPTH = 1.6, 2.2, 0.4
"""Seconds of a breath in and out at rest, 16 a minute, 42% of it in (Tobin et al. 1983), and how deep it is."""
SPOKEN_INHALE = (0.3, 0.7)
"""Shortest and longest breath in before speech, seconds: far quicker than at rest (Conrad & Schoenle 1979)."""
DEPTH, DEPTH_A_SECOND, MAX_DEPTH = 0.45, 0.1, 1.0
"""How deep the breath before speech is: longer utterances have deeper ones (Winkworth et al. 1995)."""
EMPTY_VOLUME = 0.05
SPREAD = 0.12
"""Deviation of depths and durations at rest, of their mean."""


@dataclass(frozen=True)
class Breath:
    """Turning points: `at` (K,) seconds, rising, and how full the lungs are then, `full` (K,) 0 to 1."""

    times: AnyFloatArray
    volumes: AnyFloatArray

    @classmethod
    def sample(cls, phrases: AnyFloatArray, rows: int, seed: int) -> Breath:
        """Breath for a sound of `rows` rows with these `phrases` (P, 2)."""
        rng = np.random.default_rng([seed, 5])
        seconds = rows / MODEL_RATE.value
        points: list[tuple[float, float]] = []
        free = 0.0
        for begin, end in phrases.tolist():
            took = min(max(begin - free, 0.0), rng.uniform(*SPOKEN_INHALE))
            _add_resting_breaths(points, free, begin - took, rng)
            depth = min(DEPTH + DEPTH_A_SECOND * (end - begin), MAX_DEPTH) * rng.normal(1, SPREAD / 2)
            points += [(begin - took, EMPTY_VOLUME)] if took > 0 else []
            points += [(begin, min(depth, MAX_DEPTH)), (end, EMPTY_VOLUME)]
            free = end
        _add_resting_breaths(points, free, seconds, rng)
        at, full = np.array(points or [(0.0, EMPTY_VOLUME)], np.float64).T
        return cls(at, full)

    def volume(self, times: AnyFloatArray) -> AnyFloatArray:
        """How full the lungs are (T,), 0 to 1, at the times `at` (s)."""
        after = np.clip(np.searchsorted(self.times, times, side="right"), 1, max(len(self.times) - 1, 1))
        before, after = after - 1, np.minimum(after, len(self.times) - 1)
        lasts = np.maximum(self.times[after] - self.times[before], 1e-6)
        gone = cosine_ease((times - self.times[before]) / lasts)
        return (self.volumes[before] * (1 - gone) + self.volumes[after] * gone).astype(np.float32)


def _add_resting_breaths(points: list[tuple[float, float]], begin: float, end: float, rng: np.random.Generator) -> None:
    """Add whole breaths from `begin` to `end` (s), as many as fit about."""
    count = round((end - begin) / (INHALE + EXHALE))
    if count < 1:
        return
    lengths = np.clip(rng.normal(1, SPREAD, count), 0.7, 1.3)
    edges = begin + (end - begin) * np.concatenate([[0.0], np.cumsum(lengths)]) / lengths.sum()
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        depth = EMPTY_VOLUME + QUIET_DEPTH * float(np.clip(rng.normal(1, SPREAD), 0.6, 1.4))
        points += [(first, EMPTY_VOLUME), (first + (last - first) * INHALE / (INHALE + EXHALE), depth)]
    points.append((end, EMPTY_VOLUME))
