"""Lips of a FLAME mesh that meet where the bundled head's do: at rest, closed over an open jaw, and pressed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from ..flame.correspondence import Correspondence
from .deformation_transfer import Held
from .registration import Sparse

Floats = npt.NDArray[np.float64]

OPENING = (
    "jawOpen", "mouthFunnel", "mouthShrugUpper", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft",
    "mouthUpperUpRight",
)  # fmt: skip
"""The shapes that part the bundled head's lips."""
PRESSING = ("mouthRollLower", "mouthRollUpper", "mouthPressLeft", "mouthPressRight", "mouthShrugLower")
"""Those that press them into each other, a little."""


PRESS_DEPTH = 0.8e-3  # m that pressed lips may go into each other, as on the bundled head
ROLL_DEPTH = 4e-3  # m that one lip may roll in behind the other
RELIEF = 0.3  # of their overlap at rest that lips give up when they are pressed
UP = np.array([0.0, 0.0, 1.0])


class Lips:
    """Which vertices of the upper lip touch what of the lower, on a head at rest with `vertices` (V, 3), Z up."""

    def __init__(self, found: Correspondence, vertices: Floats) -> None:
        pairs = len(found.upper_lip)
        columns = np.c_[found.upper_lip, found.lower_lip]
        values = np.c_[np.ones(pairs), -found.lower_weights]
        rows = np.repeat(np.arange(pairs), columns.shape[1])
        self.apart: Sparse = sparse.csr_matrix((values.ravel(), (rows, columns.ravel())), (pairs, len(vertices)))
        self.rest = self.apart @ vertices
        self.middle = int(np.argmin(np.abs(found.lip_fractions - 0.5)))

    def held(self, name: str, source: Floats) -> tuple[Held, ...]:
        """What keeps the lips together in shape `name`, whose offsets on the bundled head are `source` (V, 3)."""
        if name in OPENING:
            return ()
        parted = np.zeros_like(self.rest)
        if name in PRESSING:
            parted = self.apart @ source
            # Lips that overlap at rest have already gone into each other, and come out a little to roll in.
            most = np.minimum(-PRESS_DEPTH - self.rest[:, 2], -RELIEF * np.minimum(self.rest[:, 2], 0))
            parted[:, 2] = np.maximum(parted[:, 2], most)
            parted[:, 1] = parted[:, 1].clip(-ROLL_DEPTH, ROLL_DEPTH)
        return (Held(self.apart, parted),)

    def not_through(self, offsets: Floats) -> tuple[Held, ...]:
        """What keeps the lips from going through each other where `offsets` (V, 3) of an opening shape let them."""
        parted = self.apart @ offsets
        through = np.flatnonzero(parted[:, 2] < 0)
        if not len(through):
            return ()
        return (Held(self.apart[through], parted[through] * (1 - UP)),)

    def closing(self, opened: Floats) -> tuple[Held, ...]:
        """What brings together the lips that `opened` (V, 3) has parted, and those that are parted at rest."""
        return (Held(self.apart, -(self.apart @ opened) - np.maximum(self.rest[:, 2:], 0) * UP),)
