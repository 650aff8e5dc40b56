"""Lips of a FLAME mesh that meet where the bundled head's do: at rest, closed over an open jaw, and pressed."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from .deformation_transfer import SoftConstraint
from .sparse import SparseMatrix

Float64Array = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]

LIP_OPENERS = (
    "jawOpen", "mouthFunnel", "mouthShrugUpper", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft",
    "mouthUpperUpRight",
)  # fmt: skip
"""Shapes that part the bundled head's lips."""
LIP_PRESSERS = ("mouthRollLower", "mouthRollUpper", "mouthPressLeft", "mouthPressRight", "mouthShrugLower")
"""Shapes that press the lips slightly into each other."""


PRESS_DEPTH = 0.8e-3  # m that pressed lips may overlap, as on the bundled head
ROLL_DEPTH = 4e-3  # m that one lip may roll in behind the other
RELIEF = 0.3  # share of their overlap at rest by which lips move apart when they are pressed
UP = np.array([0.0, 0.0, 1.0])


class LipPairs(Protocol):
    """Where the lips of a mesh meet: `flame.correspondence.Correspondence` describes the attributes."""

    @property
    def upper_lip(self) -> Int32Array: ...

    @property
    def lower_lip(self) -> Int32Array: ...

    @property
    def lower_weights(self) -> Float64Array: ...

    @property
    def lip_fractions(self) -> Float64Array: ...


class FlameLips:
    """The contact between the lips of a head at rest with `vertices` (V, 3), Z up."""

    def __init__(self, correspondence: LipPairs, vertices: Float64Array) -> None:
        pairs = len(correspondence.upper_lip)
        columns = np.c_[correspondence.upper_lip, correspondence.lower_lip]
        values = np.c_[np.ones(pairs), -correspondence.lower_weights]
        rows = np.repeat(np.arange(pairs), columns.shape[1])
        self.gap_matrix = SparseMatrix.from_entries(rows, columns.ravel(), values.ravel(), (pairs, len(vertices)))
        self.rest_gap = self.gap_matrix @ vertices
        self.middle = int(np.argmin(np.abs(correspondence.lip_fractions - 0.5)))

    def contact_constraints(self, name: str, source: Float64Array) -> tuple[SoftConstraint, ...]:
        """Return what keeps the lips together in shape `name`.

        Args:
            name: A channel of channels.FACE.
            source: (V, 3) its offsets on the bundled head.
        """
        if name in LIP_OPENERS:
            return ()
        parted = np.zeros_like(self.rest_gap)
        if name in LIP_PRESSERS:
            parted = self.gap_matrix @ source
            # Lips that overlap at rest already intersect, and move apart slightly to roll in.
            most = np.minimum(-PRESS_DEPTH - self.rest_gap[:, 2], -RELIEF * np.minimum(self.rest_gap[:, 2], 0))
            parted[:, 2] = np.maximum(parted[:, 2], most)
            parted[:, 1] = parted[:, 1].clip(-ROLL_DEPTH, ROLL_DEPTH)
        return (SoftConstraint(self.gap_matrix, parted),)

    def collision_constraints(self, offsets: Float64Array) -> tuple[SoftConstraint, ...]:
        """Return what keeps the lips from intersecting under `offsets` (V, 3) of an opening shape."""
        parted = self.gap_matrix @ offsets
        through = np.flatnonzero(parted[:, 2] < 0)
        if not len(through):
            return ()
        return (SoftConstraint(self.gap_matrix.select_rows(through), parted[through] * (1 - UP)),)

    def closing_constraints(self, opened: Float64Array) -> tuple[SoftConstraint, ...]:
        """Return what brings together the lips that `opened` (V, 3) has parted, and those that are parted at rest."""
        return (
            SoftConstraint(self.gap_matrix, -(self.gap_matrix @ opened) - np.maximum(self.rest_gap[:, 2:], 0) * UP),
        )
