"""Lip closure: trackers see closed lips slightly open, and warps may open lips that the speech closes."""

from __future__ import annotations

import numpy as np

from .. import channels
from ..types import BoolArray, Float32Array

JAW_OPEN, MOUTH_CLOSE = channels.FACE.index("jawOpen"), channels.FACE.index("mouthClose")
LIP_OPENERS = [
    channels.FACE.index(name)
    for name in ("mouthFunnel", "mouthShrugUpper", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft",
                 "mouthUpperUpRight")
]  # fmt: skip
"""Shapes besides jawOpen that part the lips."""

SOFT_GAP = 0.005
"""jawOpen - mouthClose, about a sixth of a millimetre: smaller gaps are closed, much larger ones stay."""
HALF_WEIGHT_GAP = 0.02
"""The gap at which the parting shapes have half their weight."""


OPEN_GAP = 0.12
"""jawOpen - mouthClose above which lips are certainly open, and may be as far apart as a warp sets them."""


def preserve_lip_closure(predicted: Float32Array, warped: Float32Array, pinned: BoolArray) -> Float32Array:
    """Return warped face weights (T, 52) whose lips are no further apart where the prediction closes them.

    Args:
        predicted: (T, 52) before the warp.
        warped: (T, 52) after it.
        pinned: (T, 52) bool, values that must not change.
    """
    predicted_gap, warped_gap = (
        np.maximum(weights[:, JAW_OPEN] - weights[:, MOUTH_CLOSE], 0.0) for weights in (predicted, warped)
    )
    openness = np.clip(predicted_gap / OPEN_GAP, 0.0, 1.0)
    openness = openness**2 * (3 - 2 * openness)
    growth = warped_gap - predicted_gap
    gap = np.where(growth > 0, predicted_gap + openness * growth, warped_gap)
    closed = warped.copy()
    free = ~pinned[:, MOUTH_CLOSE]
    closed[free, MOUTH_CLOSE] += (warped_gap - gap)[free]
    free = pinned[:, MOUTH_CLOSE] & ~pinned[:, JAW_OPEN]
    closed[free, JAW_OPEN] -= (warped_gap - gap)[free]
    return closed


def separate_lips(weights: Float32Array) -> Float32Array:
    """Return face weights (T, 52) within 0 and 1 whose lips never intersect."""
    weights = np.clip(weights, 0.0, 1.0)
    weights[:, MOUTH_CLOSE] = np.minimum(weights[:, MOUTH_CLOSE], weights[:, JAW_OPEN])
    return weights


def close_small_gaps(weights: Float32Array) -> Float32Array:
    """Return face weights (T, 52) within 0 and 1 whose lips touch where they nearly did and never intersect.

    It closes the lips of other sounds than m, b, p as well. Sampler 1 uses it, whose noise parts lips in closures.
    """
    weights = np.clip(weights, 0.0, 1.0)
    gap = np.maximum(weights[:, JAW_OPEN] - weights[:, MOUTH_CLOSE], 0.0)
    gap = gap**2 / (gap + SOFT_GAP)
    weights[:, MOUTH_CLOSE] = weights[:, JAW_OPEN] - gap
    weights[:, LIP_OPENERS] *= (gap / (gap + HALF_WEIGHT_GAP))[:, None]
    return weights
