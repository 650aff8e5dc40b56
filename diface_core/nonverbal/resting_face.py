"""A face at rest: small changes of expression, a swallow now and then, and lips that stay together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import channels
from ..types import MODEL_RATE, AnyFloatArray
from .curves import bump, levels, random_onsets

EXPRESSION_EVERY, EXPRESSION_LEAST, CHANGE = 4.0, 1.6, 0.9
"""Mean and least seconds from one small change of expression to the next, and how long one takes (chosen)."""
AMOUNTS: dict[str, tuple[str, float]] = {
    "brows raised": ("browInnerUp", 0.12), "brows lowered": ("browDown", 0.12), "outer brows": ("browOuterUp", 0.10),
    "lids": ("eyeSquint", 0.12), "lips pressed": ("mouthPress", 0.20), "smile": ("mouthSmile", 0.10),
    "chin": ("mouthShrugLower", 0.10), "corner": ("mouthDimple", 0.12),
}  # fmt: skip
"""Small expressions: how their channels begin, and their largest values: a third of what counts as a trace in FACS."""
ASYMMETRY = 0.25
"""Largest difference of the two sides, as a share of the value."""

SWALLOW_EVERY, SWALLOW_LEAST = 75.0, 20.0
"""Seconds from swallow to swallow: younger people swallow 0.98 times a minute on average (Bulmer et al. 2021); rarer by
choice."""
SWALLOW = (("mouthPress", 0.35), ("mouthShrugLower", 0.3), ("jawForward", 0.08))
"""A swallow: lips and chin press, the jaw holds."""
SWALLOW_SHAPE = (0.35, 0.25, 0.5)
"""Seconds of its rise, hold and fall."""


@dataclass(frozen=True)
class RestingFace:
    """Small changes of expression of a face at rest.

    Attributes:
        onsets: (K,) seconds at which the expression changes.
        targets: (K, 52) face weights from then on.
        swallows: (S,) seconds at which swallows begin.
    """

    onsets: AnyFloatArray
    targets: AnyFloatArray
    swallows: AnyFloatArray

    @classmethod
    def sample(cls, rows: int, seed: int) -> RestingFace:
        """Sample the changes of `rows` rows at MODEL_RATE."""
        rng, seconds = np.random.default_rng([seed, 21]), rows / MODEL_RATE.value
        onsets = random_onsets(seconds, EXPRESSION_EVERY, EXPRESSION_LEAST, rng)
        targets = np.array([_expression(rng) for _onset in onsets]).reshape(-1, len(channels.FACE))
        swallows = random_onsets(seconds, SWALLOW_EVERY, SWALLOW_LEAST, np.random.default_rng([seed, 22]))
        return cls(onsets, targets, swallows)

    def weights(self, times: AnyFloatArray) -> AnyFloatArray:
        """Return the face weights (T, 52) at `times` (s)."""
        weights = levels(times, self.onsets, self.targets, CHANGE)
        if not len(times):
            return weights
        for onset in self.swallows[(self.swallows <= times[-1]) & (self.swallows + sum(SWALLOW_SHAPE) >= times[0])]:
            amount = bump(times, onset, *SWALLOW_SHAPE)
            for prefix, value in SWALLOW:
                weights[:, _columns(prefix)] += value * amount[:, None]
        return weights


def _expression(rng: np.random.Generator) -> AnyFloatArray:
    """Draw face weights (52,): one or two small expressions, or none."""
    weights = np.zeros(len(channels.FACE))
    for name in rng.choice(list(AMOUNTS), rng.integers(0, 3), replace=False):
        prefix, most = AMOUNTS[name]
        value = rng.uniform(0.3, 1.0) * most
        for column in _columns(prefix):
            weights[column] = value * (1 - ASYMMETRY * rng.random())
    return weights


def _columns(prefix: str) -> list[int]:
    """Columns of the face whose names are `prefix`, without or with a side."""
    names = (prefix, prefix + "Left", prefix + "Right")
    return [column for column, name in enumerate(channels.FACE) if name in names]
