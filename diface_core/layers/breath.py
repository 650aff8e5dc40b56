"""Breath: quick and deep in the pauses before speech, slow and even in silence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..motion.easing import cosine_ease
from ..types import MODEL_RATE, AnyFloatArray

INHALE, EXHALE, QUIET_DEPTH = 1.6, 2.2, 0.4
"""Seconds of inhalation and exhalation at rest, 16 per minute, 42% of it inhalation (chosen, after Tobin et al. 1983),
and the depth."""
SPOKEN_INHALE = (0.3, 0.7)
"""Shortest and longest inhalation before speech, seconds: far quicker than at rest (chosen, after Conrad & Schoenle
1979)."""
DEPTH, DEPTH_A_SECOND, MAX_DEPTH = 0.45, 0.1, 1.0
"""Depth of the breath before speech: longer utterances have deeper ones (chosen, after Winkworth et al. 1995)."""
EMPTY_VOLUME = 0.05
SPREAD = 0.12
"""Standard deviation of depths and durations at rest, relative to their mean."""


@dataclass(frozen=True)
class Breath:
    """Turning points of the lung volume: `times` (K,) seconds, increasing, and `volumes` (K,), 0 to 1."""

    times: AnyFloatArray
    volumes: AnyFloatArray

    @classmethod
    def sample(cls, phrases: AnyFloatArray, rows: int, seed: int) -> Breath:
        """Sample the breath for audio of `rows` rows with `phrases` (P, 2) in seconds."""
        rng = np.random.default_rng([seed, 5])
        seconds = rows / MODEL_RATE.value
        points: list[tuple[float, float]] = []
        free = 0.0
        for begin, end in phrases.tolist():
            inhale = min(max(begin - free, 0.0), rng.uniform(*SPOKEN_INHALE))
            _add_resting_breaths(points, free, begin - inhale, rng)
            depth = min(DEPTH + DEPTH_A_SECOND * (end - begin), MAX_DEPTH) * rng.normal(1, SPREAD / 2)
            points += [(begin - inhale, EMPTY_VOLUME)] if inhale > 0 else []
            points += [(begin, min(depth, MAX_DEPTH)), (end, EMPTY_VOLUME)]
            free = end
        _add_resting_breaths(points, free, seconds, rng)
        times, volumes = np.array(points or [(0.0, EMPTY_VOLUME)], np.float64).T
        return cls(times, volumes)

    def volume(self, times: AnyFloatArray) -> AnyFloatArray:
        """Return the lung volume (T,), 0 to 1, at `times` (s)."""
        after = np.clip(np.searchsorted(self.times, times, side="right"), 1, max(len(self.times) - 1, 1))
        before, after = after - 1, np.minimum(after, len(self.times) - 1)
        duration = np.maximum(self.times[after] - self.times[before], 1e-6)
        part = cosine_ease((times - self.times[before]) / duration)
        return (self.volumes[before] * (1 - part) + self.volumes[after] * part).astype(np.float32)


def _add_resting_breaths(points: list[tuple[float, float]], begin: float, end: float, rng: np.random.Generator) -> None:
    """Add a whole number of breaths from `begin` to `end` (s)."""
    count = round((end - begin) / (INHALE + EXHALE))
    if count < 1:
        return
    lengths = np.clip(rng.normal(1, SPREAD, count), 0.7, 1.3)
    edges = begin + (end - begin) * np.concatenate([[0.0], np.cumsum(lengths)]) / lengths.sum()
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        depth = EMPTY_VOLUME + QUIET_DEPTH * float(np.clip(rng.normal(1, SPREAD), 0.6, 1.4))
        points += [(first, EMPTY_VOLUME), (first + (last - first) * INHALE / (INHALE + EXHALE), depth)]
    points.append((end, EMPTY_VOLUME))
