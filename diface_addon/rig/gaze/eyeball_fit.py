"""The centre of an eyeball, and how far shape keys turn it, from how they move its vertices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

SIDEWAYS = ("Out", "In")
"""The ways that tell which vertices are the eyeball's: lids hardly move."""
LEAST_SHARE = 0.2
"""Share of the largest displacement from which a vertex may be the eyeball's."""
TRIMMED, ROUNDS = 0.12, 6
"""A vertex is the eyeball's whose distance from the rotation is at most this share of how far the eyeball moves."""
LEAST_VERTICES, LEAST_DEGREES = 12, 3.0
BORDER = 0.3
"""Largest share of an eyeball's vertices with an edge to others. Lids that slide over an eyeball are part of a face."""
SURFACE = 1.25
"""Vertices up to this distance from the centre may be the eyeball's, in distances of most of its vertices."""


@dataclass(frozen=True)
class EyeballFit:
    """An eyeball as shape keys turn it.

    Attributes:
        centre: (3,) the point that it turns about.
        turns: Way ("Up", "Down", "In", "Out") -> rotation matrix (3, 3) at weight 1.
    """

    centre: FloatArray
    turns: Mapping[str, FloatArray]


def fit_eyeball(
    points: FloatArray, moved: Mapping[str, FloatArray], edges: npt.NDArray[np.integer]
) -> EyeballFit | None:
    """Return the eyeball among vertices; None if the shapes turn none.

    Args:
        points: (V, 3) the vertices at rest.
        moved: Way -> displacements (V, 3) at weight 1.
        edges: (E, 2) vertices of each edge.
    """
    sideways = [moved[way] for way in SIDEWAYS if way in moved]
    if not sideways:
        return None
    lengths = np.max([np.linalg.norm(offsets, axis=1) for offsets in sideways], axis=0)
    top = float(lengths.max(initial=0.0))
    chosen = np.flatnonzero(lengths > LEAST_SHARE * top) if top > 0.0 else np.empty(0, np.intp)
    if len(chosen) < LEAST_VERTICES:
        return None
    ball = _rigid_part(points[chosen], [offsets[chosen] for offsets in sideways], top)
    if ball is None:
        return None
    own, turns, equations, sums = points[chosen][ball], {}, [], []
    for way, offsets in moved.items():
        turn, shift = _rotation(own, own + offsets[chosen][ball])
        if _degrees(turn) >= LEAST_DEGREES:
            turns[way] = turn
            equations.append(np.eye(3) - turn)
            sums.append(shift)
    if not set(SIDEWAYS) & set(turns):
        return None
    # Points on the axis of every rotation; along the axis of one alone, the middle of the vertices.
    middle = own.mean(axis=0)
    matrix = np.concatenate(equations)
    away, *_rest = np.linalg.lstsq(matrix, np.concatenate(sums) - matrix @ middle, rcond=0.05)
    found = EyeballFit(middle + away, turns)
    radius = SURFACE * float(np.quantile(np.linalg.norm(own - found.centre, axis=1), 0.9))
    return found if _is_closed(found, points, moved, edges, radius, top) else None


def _is_closed(
    fit: EyeballFit,
    points: FloatArray,
    moved: Mapping[str, FloatArray],
    edges: npt.NDArray[np.integer],
    radius: float,
    top: float,
) -> bool:
    """Return whether what turns is a separate surface and no part of a larger one."""
    arms = points - fit.centre
    inside = np.linalg.norm(arms, axis=1) <= radius
    for way, turn in fit.turns.items():
        far = np.linalg.norm(arms @ turn.T - arms - moved[way], axis=1)
        inside &= far <= 2 * TRIMMED * top
    across = inside[edges[:, 0]] != inside[edges[:, 1]]
    border = np.unique(edges[across])
    return float(inside[border].sum()) <= BORDER * float(inside.sum())


def _rigid_part(points: FloatArray, moved: list[FloatArray], top: float) -> npt.NDArray[np.bool_] | None:
    """Return which vertices (V,) rotate together; None if most do not."""
    size = np.max([np.linalg.norm(offsets, axis=1) for offsets in moved], axis=0)
    inside, far = size >= np.quantile(size, 0.5), np.zeros(len(points))
    for _round in range(ROUNDS):
        if inside.sum() < LEAST_VERTICES:
            return None
        far = np.zeros(len(points))
        for offsets in moved:
            turn, shift = _rotation(points[inside], (points + offsets)[inside])
            far = np.maximum(far, np.linalg.norm(points @ turn.T + shift - points - offsets, axis=1))
        limit = max(TRIMMED * top, float(np.quantile(far[inside], 0.5)))
        inside = far <= limit
    return inside if np.median(far[inside]) <= TRIMMED * top else None


def _rotation(before: FloatArray, after: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the rotation matrix (3, 3) and the shift (3,) nearest to how points (V, 3) move (Kabsch 1976)."""
    first, second = before.mean(axis=0), after.mean(axis=0)
    u, _sizes, v = np.linalg.svd((before - first).T @ (after - second))
    sign = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ v))])
    turn = (u @ sign @ v).T
    return turn, second - turn @ first


def _degrees(turn: FloatArray) -> float:
    return float(np.degrees(np.arccos(np.clip((np.trace(turn) - 1.0) / 2.0, -1.0, 1.0))))
