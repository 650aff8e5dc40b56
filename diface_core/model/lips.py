"""Lips that meet: what a tracker sees nearly shut is shut on a mesh, whose lips have no softness of their own."""

from __future__ import annotations

import numpy as np

from .. import channels
from ..types import BoolArray, FloatArray

JAW, CLOSE = channels.FACE.index("jawOpen"), channels.FACE.index("mouthClose")
PARTING = [
    channels.FACE.index(name)
    for name in ("mouthFunnel", "mouthShrugUpper", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft",
                 "mouthUpperUpRight")
]  # fmt: skip
"""The other shapes that take the lips apart."""

SOFT = 0.005
"""jawOpen - mouthClose, about a sixth of a millimetre: a smaller gap is pressed shut, a much larger one stays."""
PARTED = 0.02
"""The gap at which the parting shapes have half their weight."""


SPEAKING = 0.12
"""jawOpen - mouthClose from which lips are open for certain, and may be as far apart as a bend has them."""


def stay_shut(heard: FloatArray, bent: FloatArray, pinned: BoolArray) -> FloatArray:
    """Face weights `bent` (T, 52) away from what was `heard` (T, 52), whose lips are no further apart where the speech
    has them shut: lips meet over a jaw that is lowered. What is `pinned` (T, 52) stays as it is."""
    gap, wide = (np.maximum(weights[:, JAW] - weights[:, CLOSE], 0.0) for weights in (heard, bent))
    open_ = np.clip(gap / SPEAKING, 0.0, 1.0)
    open_ = open_**2 * (3 - 2 * open_)
    gap = np.where(wide > gap, gap + open_ * (wide - gap), wide)
    found = bent.copy()
    free = ~pinned[:, CLOSE]
    found[free, CLOSE] += (wide - gap)[free]
    free = pinned[:, CLOSE] & ~pinned[:, JAW]
    found[free, JAW] -= (wide - gap)[free]
    return found


def meet(weights: FloatArray) -> FloatArray:
    """Face weights (T, 52) within 0 and 1 whose lips touch where they nearly did, and never pass each other."""
    weights = np.clip(weights, 0.0, 1.0)
    gap = np.maximum(weights[:, JAW] - weights[:, CLOSE], 0.0)
    gap = gap**2 / (gap + SOFT)
    weights[:, CLOSE] = weights[:, JAW] - gap
    weights[:, PARTING] *= (gap / (gap + PARTED))[:, None]
    return weights
