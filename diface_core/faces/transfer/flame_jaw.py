"""The jaw of a FLAME mesh, moved by the joint and the skinning of the user's FLAME file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..flame.flame_model import JOINTS, Flame
from .geometry import fit_similarity

Float64Array = npt.NDArray[np.float64]

JAW = JOINTS.index("jaw")
MAX_ANGLE = 0.8  # rad
ANGLE_ROUNDS = 14
"""Bisections of MAX_ANGLE: the angle is found to 5e-5 rad."""


class FlameJaw:
    """The jaw of one identity, `vertices` (5023, 3) in any frame and size, by the file `flame`."""

    def __init__(self, flame: Flame, vertices: Float64Array) -> None:
        self.scale, self.rotation, shift = fit_similarity(vertices, flame.template.astype(np.float64))
        inside = self.scale * vertices @ self.rotation.T + shift
        self.flame = replace(flame, template=inside.astype(np.float32))

    def rotated(self, lip: Float64Array, direction: Float64Array, axis: int, distance: float) -> Float64Array:
        """Return offsets (5023, 3) of the jaw rotated until a point has moved a distance.

        Args:
            lip: Weights (5023,) of the point on the mesh.
            direction: (3,) unit direction of the distance.
            axis: 0 opens, 1 rotates the jaw to the left.
            distance: m.
        """

        def missing(angle: float) -> float:
            return float(lip @ self._pose(axis, angle) @ direction) - distance

        far = MAX_ANGLE if missing(MAX_ANGLE) > missing(-MAX_ANGLE) else -MAX_ANGLE
        if missing(far) <= 0:
            return self._pose(axis, far)
        near = 0.0
        for _round in range(ANGLE_ROUNDS):
            middle = (near + far) / 2
            near, far = (near, middle) if missing(middle) > 0 else (middle, far)
        return self._pose(axis, (near + far) / 2)

    def translated(self, by: Float64Array) -> Float64Array:
        """Return offsets (5023, 3) of the jaw translated by `by` (3,) m, weighted by its skinning."""
        return self.flame.weights[:, JAW, None] * by

    def _pose(self, axis: int, angle: float) -> Float64Array:
        turn = np.zeros(3)
        turn[axis] = angle
        moved = self.flame.pose(jaw=turn).astype(np.float64) - self.flame.template
        return moved @ self.rotation / self.scale
