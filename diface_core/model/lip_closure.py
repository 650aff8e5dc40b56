"""Lips that meet: what a tracker sees nearly shut is shut on a mesh, whose lips have no softness of their own."""

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
"""The other shapes that take the lips apart."""

SOFT_GAP = 0.005
"""jawOpen - mouthClose, about a sixth of a millimetre: a smaller gap is pressed shut, a much larger one stays."""
HALF_WEIGHT_GAP = 0.02
"""The gap at which the parting shapes have half their weight."""


OPEN_GAP = 0.12
"""jawOpen - mouthClose from which lips are open for certain, and may be as far apart as a bend has them."""


def preserve_lip_closure(predicted: Float32Array, warped: Float32Array, pinned: BoolArray) -> Float32Array:
    """Face weights `bent` (T, 52) away from what was `heard` (T, 52), whose lips are no further apart where the speech
    has them shut: lips meet over a jaw that is lowered. What is `pinned` (T, 52) stays as it is."""
    gap, wide = (np.maximum(weights[:, JAW_OPEN] - weights[:, MOUTH_CLOSE], 0.0) for weights in (predicted, warped))
    open_ = np.clip(gap / OPEN_GAP, 0.0, 1.0)
    open_ = open_**2 * (3 - 2 * open_)
    gap = np.where(wide > gap, gap + open_ * (wide - gap), wide)
    found = warped.copy()
    free = ~pinned[:, MOUTH_CLOSE]
    found[free, MOUTH_CLOSE] += (wide - gap)[free]
    free = pinned[:, MOUTH_CLOSE] & ~pinned[:, JAW_OPEN]
    found[free, JAW_OPEN] -= (wide - gap)[free]
    return found


def close_small_gaps(weights: Float32Array) -> Float32Array:
    """Face weights (T, 52) within 0 and 1 whose lips touch where they nearly did, and never pass each other."""
    weights = np.clip(weights, 0.0, 1.0)
    gap = np.maximum(weights[:, JAW_OPEN] - weights[:, MOUTH_CLOSE], 0.0)
    gap = gap**2 / (gap + SOFT_GAP)
    weights[:, MOUTH_CLOSE] = weights[:, JAW_OPEN] - gap
    weights[:, LIP_OPENERS] *= (gap / (gap + HALF_WEIGHT_GAP))[:, None]
    return weights
