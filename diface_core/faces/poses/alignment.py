"""Place another face over the bundled head by where its shapes move it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...channels import FACE
from ...types import Float64Array, Int64Array

REST_SHARE = 1e-3
"""Displacement, relative to the largest of the mesh, below which a vertex is at rest."""

CELLS, FINE_CELLS = 45, 120
"""Cells along the moving part of the face: of equal weight in sums, and of which one vertex each is used."""

SMALLEST = 1e-30
"""Extent of points in one place."""

LOWER = np.array([name.startswith(("jaw", "mouth", "cheekPuff", "tongue")) for name in FACE])
"""Channels of the lower face (52,)."""

ONE_PART = 0.9
"""Share of a recipe in one half of the face from which it helps to place that half."""


@dataclass(frozen=True)
class Placement:
    """A similarity of one half of the face: bundled = (target - origin) * scale + onto.

    Attributes:
        origin: (3,) mean of where shapes move the target.
        onto: (3,) mm, the same mean of the bundled head.
        scale: mm per unit of the target.
    """

    origin: Float64Array
    onto: Float64Array
    scale: float

    def apply(self, points: Float64Array) -> Float64Array:
        """Return points (N, 3) of the target in mm of the bundled head."""
        return (points - self.origin) * self.scale + self.onto


def cells_of(points: Float64Array, cells: int) -> tuple[Int64Array, Int64Array, Int64Array]:
    """Return the first point of each cubic cell, the cell of each point, and the number of points in each cell."""
    size = max(float(np.ptp(points, axis=0).max(initial=0.0)), SMALLEST) / cells
    places = np.floor((points - points.min(axis=0)) / size).astype(np.int64)
    keys = (places[:, 0] * (cells + 2) + places[:, 1]) * (cells + 2) + places[:, 2]
    _, first, inverse, counts = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    return first, inverse.reshape(-1), counts


def cell_weights(points: Float64Array, cells: int) -> Float64Array:
    """Return weights (N,) with which dense and coarse parts of a mesh count alike."""
    _, inverse, counts = cells_of(points, cells)
    return 1.0 / counts[inverse]


def place(points: Float64Array, deltas: Float64Array, bundled: Float64Array, fields: Float64Array) -> Placement | None:
    """Return the similarity under which both faces move in the same place and extent; None if one does not move.

    Args:
        points: (N, 3) of the target.
        deltas: (S, N, 3) of shapes.
        bundled: (V, 3) mm of the bundled head.
        fields: (S, V, 3) mm: the same shapes on the bundled head, or other shapes of the same part.
    """
    target, reference = _moving(points, deltas), _moving(bundled, fields)
    if target is None or reference is None:
        return None
    (origin, spread), (onto, wanted) = target, reference
    return Placement(origin, onto, float(np.sqrt(wanted / spread))) if spread > 0 else None


def _moving(points: Float64Array, deltas: Float64Array) -> tuple[Float64Array, float] | None:
    """Return where a face moves: the mean, and the variance across and up, over shapes of equal weight."""
    energy = np.sum(deltas**2, axis=2)
    moved = energy.max(axis=0, initial=0.0) > 0
    if not moved.any():
        return None
    energy, points = energy[:, moved] * cell_weights(points[moved], CELLS), points[moved]
    totals = energy.sum(axis=1, keepdims=True)
    share = (energy / np.where(totals > 0, totals, 1.0)).sum(axis=0)
    share = share / share.sum()
    mean = share @ points
    return mean, float(share @ np.sum((points - mean)[:, [0, 2]] ** 2, axis=1))


def blend(points: Float64Array, lower: Placement, upper: Placement) -> tuple[Float64Array, Float64Array]:
    """Return points (N, 3) in mm of the bundled head and scales (N, 1), from both placements by height."""
    below, above = lower.apply(points), upper.apply(points)
    height = (below[:, 2] + above[:, 2]) / 2
    margin = (upper.onto[2] - lower.onto[2]) / 6
    room = max(upper.onto[2] - lower.onto[2] - 2 * margin, 1.0)
    share = np.clip((height - lower.onto[2] - margin) / room, 0.0, 1.0)[:, None]
    return below * (1 - share) + above * share, lower.scale * (1 - share) + upper.scale * share
