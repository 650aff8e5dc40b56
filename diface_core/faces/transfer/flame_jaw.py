"""A FLAME mesh's jaw by the joint and the skinning of the user's own file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from ..flame.flame_model import JOINTS, Flame
from .registration import fit_similarity

Float64Array = npt.NDArray[np.float64]

JAW = JOINTS.index("jaw")
MAX_ANGLE = 0.8  # rad


class FlameJaw:
    """The jaw of one identity, `vertices` (5023, 3) in any frame and size, by the file `flame`."""

    def __init__(self, flame: Flame, vertices: Float64Array) -> None:
        self.scale, self.rotation, shift = fit_similarity(vertices, flame.template.astype(np.float64))
        inside = self.scale * vertices @ self.rotation.T + shift
        self.flame = replace(flame, template=inside.astype(np.float32))

    def rotated(self, lip: Float64Array, direction: Float64Array, axis: int, distance: float) -> Float64Array:
        """Offsets (5023, 3) of the jaw turned about an axis of its own (0 opens, 1 turns it to the left).

        As far as it takes for the point of the mesh with weights `lip` (5023,) to go `distance` m along `way` (3,).
        """

        def missing(angle: float) -> float:
            return float(lip @ self._pose(axis, angle) @ direction) - distance

        side = MAX_ANGLE if missing(MAX_ANGLE) > missing(-MAX_ANGLE) else -MAX_ANGLE
        if missing(side) <= 0:
            return self._pose(axis, side)
        return self._pose(axis, float(brentq(missing, 0.0, side, xtol=1e-4)))  # pyright: ignore[reportArgumentType]

    def translated(self, by: Float64Array) -> Float64Array:
        """Offsets (5023, 3) of the jaw moved by `by` (3,) m where its skinning is whole."""
        return self.flame.weights[:, JAW, None] * by

    def _pose(self, axis: int, angle: float) -> Float64Array:
        turn = np.zeros(3)
        turn[axis] = angle
        moved = self.flame.pose(jaw=turn).astype(np.float64) - self.flame.template
        return moved @ self.rotation / self.scale
