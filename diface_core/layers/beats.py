"""Beats: the head nods and the brows rise with accents, and the head is lowered where a phrase ends.

Times, sizes and courses of the head are those of natural tracks, as averages around accents and phrase ends
(docs/research/beats.md). They are added to a motion of any model, which knows loudness and speech but was trained on
few accents.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..motion.easing import cosine_ease
from ..types import AnyFloatArray
from .accents import find_accents
from .phrases import find_phrases

RAISE, STROKE, RETURN = (-0.56, 0.23), (-0.33, 0.26), (-0.07, 0.36)
"""Begin relative to the accent, and duration, of the three parts of a nod (s): up, down, back."""
RAISED = 0.55
"""Part of a nod's stroke that lies above the pose from which it began."""
NOD_CHANCE, NOD_DEGREES, NOD_REST = 0.9, (0.5, 1.4), 0.45
"""Chance of a nod with an accent, limits of its stroke in degrees, and the least seconds between two. People's mean
over all accents is 0.4 degrees."""

LOWER, LIFT = (-0.40, 0.45), (0.55, 0.60)
"""Begin relative to a phrase's end, and duration, of the lowering of the head and of its return (s)."""
END_CHANCE, END_DEGREES = 0.9, (1.0, 2.4)
"""Chance of a lowering, and its limits in degrees. People's mean over all phrase ends is 0.5
degrees, slower motion removed."""

BROW_RISE, BROW_FALL = (-0.26, 0.22), (0.06, 0.35)
"""Begin relative to the accent, and duration, of a rise of the brows and of their return (s). They precede the accent
(Flecha-Garcia 2010), and GRID's speaker's are highest a row before it."""
BROW_CHANCE, BROW_WEIGHT, BROW_REST = 0.2, (0.08, 0.2), 1.2
"""Chance of a rise with an accent, limits of its weight, and the least seconds between two (chosen: most rises come
with an accent, but most accents come without one, Cave et al. 1996)."""
PROMINENT, MOST = 1.5, 1.5
"""Prominence of an accent of middle size; sizes and chances grow with it, up to MOST times."""


@dataclass(frozen=True)
class Beats:
    """Beats of some audio.

    Attributes:
        nods: (N, 2) seconds of the accents, and degrees of the stroke.
        ends: (E, 2) seconds of the phrases' ends, and degrees.
        brows: (B, 2) seconds of the accents, and weights.
    """

    nods: AnyFloatArray
    ends: AnyFloatArray
    brows: AnyFloatArray

    @classmethod
    def sample(cls, loudness: AnyFloatArray, seed: int) -> Beats:
        """Sample the beats of a sound; none in silence.

        What an accent gets depends on the seed and its time, and on whether a beat is just before it.

        Args:
            loudness: (T,) of the whole audio at MODEL_RATE.
            seed: Seed.
        """
        values = np.ascontiguousarray(loudness)
        return _sample(values.tobytes(), values.dtype.str, seed)

    def pitch(self, times: AnyFloatArray) -> AnyFloatArray:
        """Return how far the head is turned down (T,) at `times` (s), in radians."""
        degrees = np.zeros(len(times))
        for accent, size in self.nods.tolist():
            part = _near(times, accent, RAISE, RETURN)
            since, up = times[part] - accent, RAISED * size
            degrees[part] += size * _ease(since, STROKE) - up * _ease(since, RAISE) - (size - up) * _ease(since, RETURN)
        for end, size in self.ends.tolist():
            part = _near(times, end, LOWER, LIFT)
            degrees[part] += size * (_ease(times[part] - end, LOWER) - _ease(times[part] - end, LIFT))
        return np.radians(degrees)

    def lift(self, times: AnyFloatArray) -> AnyFloatArray:
        """Return how far the brows are raised (T,) at `times` (s), as a weight."""
        weights = np.zeros(len(times))
        for accent, size in self.brows.tolist():
            part = _near(times, accent, BROW_RISE, BROW_FALL)
            since = times[part] - accent
            weights[part] += size * (_ease(since, BROW_RISE) - _ease(since, BROW_FALL))
        return weights


@lru_cache(maxsize=8)
def _sample(loudness: bytes, dtype: str, seed: int) -> Beats:
    """Sample the beats of a sound, kept for the next request: Live edits the same one again and again."""
    heard = np.frombuffer(loudness, dtype)
    phrases = find_phrases(heard)
    accents = _inside(find_accents(heard), phrases)
    return Beats(
        _draw(accents, [seed, 31], NOD_CHANCE, NOD_DEGREES, NOD_REST),
        _draw(np.stack([phrases[:, 1], np.full(len(phrases), PROMINENT)], 1), [seed, 32], END_CHANCE, END_DEGREES),
        _draw(accents, [seed, 33], BROW_CHANCE, BROW_WEIGHT, BROW_REST),
    )


def _ease(since: AnyFloatArray, part: tuple[float, float]) -> AnyFloatArray:
    """Return 0 to 1 over a part (begin, seconds) of a movement."""
    return cosine_ease((since - part[0]) / part[1])


def _near(times: AnyFloatArray, at: float, first: tuple[float, float], last: tuple[float, float]) -> slice:
    """Return the rows of increasing `times` in which a movement around `at` is not at rest."""
    begin, end = np.searchsorted(times, [at + first[0], at + last[0] + last[1]])
    return slice(int(begin), int(end))


def _inside(accents: AnyFloatArray, phrases: AnyFloatArray) -> AnyFloatArray:
    """Return the accents that are within a phrase."""
    begun = np.searchsorted(phrases[:, 0], accents[:, 0], side="right")
    ended = np.searchsorted(phrases[:, 1], accents[:, 0], side="left")
    return accents[begun > ended]


def _draw(
    cues: AnyFloatArray, seed: list[int], chance: float, limits: tuple[float, float], rest: float = 0.0
) -> AnyFloatArray:
    """Return the cues (N, 2) that get a beat, with its size instead of their prominence."""
    drawn: list[tuple[float, float]] = []
    for at, prominence in cues.tolist():
        rng = np.random.default_rng([*seed, round(at * 1000)])
        factor = min((prominence / PROMINENT) ** 0.5, MOST)
        if rng.random() < chance * factor and (not drawn or at - drawn[-1][0] >= rest):
            drawn.append((at, factor * rng.uniform(*limits)))
    return np.array(drawn, np.float64).reshape(-1, 2)
