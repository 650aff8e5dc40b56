"""A FLAME mesh's jaw by the joint and the skinning of the user's own file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from ..flame.flame_model import JOINTS, Flame
from .registration import similarity

Floats = npt.NDArray[np.float64]

JAW = JOINTS.index("jaw")
WIDEST = 0.8  # rad


class Jaw:
    """The jaw of one identity, `vertices` (5023, 3) in any frame and size, by the file `flame`."""

    def __init__(self, flame: Flame, vertices: Floats) -> None:
        self.scale, self.rotation, shift = similarity(vertices, flame.template.astype(np.float64))
        inside = self.scale * vertices @ self.rotation.T + shift
        self.head = replace(flame, template=inside.astype(np.float32))

    def turned(self, lip: Floats, way: Floats, axis: int, distance: float) -> Floats:
        """Offsets (5023, 3) of the jaw turned about an axis of its own (0 opens, 1 turns it to the left).

        As far as it takes for the point of the mesh with weights `lip` (5023,) to go `distance` m along `way` (3,).
        """

        def missing(angle: float) -> float:
            return float(lip @ self._pose(axis, angle) @ way) - distance

        side = WIDEST if missing(WIDEST) > missing(-WIDEST) else -WIDEST
        if missing(side) <= 0:
            return self._pose(axis, side)
        return self._pose(axis, float(brentq(missing, 0.0, side, xtol=1e-4)))  # pyright: ignore[reportArgumentType]

    def shifted(self, by: Floats) -> Floats:
        """Offsets (5023, 3) of the jaw moved by `by` (3,) m where its skinning is whole."""
        return self.head.weights[:, JAW, None] * by

    def _pose(self, axis: int, angle: float) -> Floats:
        turn = np.zeros(3)
        turn[axis] = angle
        moved = self.head.pose(jaw=turn).astype(np.float64) - self.head.template
        return moved @ self.rotation / self.scale
