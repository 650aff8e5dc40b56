"""Eyelids of a FLAME mesh that slide over its eyeballs, and eyeballs that rotate as the bundled head's do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .deformation_transfer import SoftConstraint
from .geometry import nearest_barycentric
from .sparse import SparseMatrix

Float64Array = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]

RIM = 3  # index in the rings around the eye: the lids' front edge, which meets in a blink
LOWER_LID_SHARE = 0.12  # fraction of the closing distance that the lower lid moves, as on the bundled head
CLEARANCE = 0.07  # relative to the eyeball's radius: smallest distance of the visible skin of the lids
PUSH_ROUNDS = 8  # rounds in which triangles are pushed off the eyeball
MAX_CONTACT_RATIO = 1.6  # relative to the eyeball's radius: largest distance from its centre at which skin can touch it


@dataclass(frozen=True)
class Eyeball:
    """The sphere through an eyeball's vertices: `centre` (3,) and `radius`, metres."""

    centre: Float64Array
    radius: float

    @classmethod
    def fit(cls, vertices: Float64Array) -> Eyeball:
        """Fit a sphere to points (N, 3)."""
        linear = np.c_[2 * vertices, np.ones(len(vertices))]
        solved = np.linalg.lstsq(linear, (vertices**2).sum(1), rcond=None)[0]
        centre = solved[:3]
        return cls(centre, float(np.sqrt(solved[3] + centre @ centre)))

    def distance(self, points: Float64Array) -> Float64Array:
        """Return the distance of `points` (..., 3) from the centre."""
        return np.linalg.norm(points - self.centre, axis=-1)

    def at_distance(self, points: Float64Array, distances: Float64Array) -> Float64Array:
        """Return `points` (N, 3) moved along their rays from the centre to `distances` (N,)."""
        return self.centre + (points - self.centre) * (distances / self.distance(points))[:, None]


def rotate_eyeball(
    vertices: Float64Array, eyeball: Eyeball, source: Float64Array, deltas: Float64Array
) -> Float64Array:
    """Return offsets (N, 3) that rotate an eyeball's `vertices` (N, 3) about its centre.

    The rotation is that by which `deltas` (M, 3) rotate the eyeball `source` (M, 3) (Kabsch 1976).
    """
    if not deltas.any():
        return np.zeros_like(vertices)
    middle = Eyeball.fit(source).centre
    u, _, vt = np.linalg.svd((source + deltas - middle).T @ (source - middle))
    rotation = u @ np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))]) @ vt
    return (vertices - eyeball.centre) @ (rotation - np.eye(3)).T


def closed_lid_constraint(
    vertices: Float64Array, rim: tuple[Int32Array, Int32Array], eyeball: Eyeball
) -> SoftConstraint:
    """Constrain the rims of the upper and the lower lid, each from corner to corner, to one line over the eyeball."""
    upper, lower = vertices[rim[0]], vertices[rim[1]]
    fractions = [_arc_length_fractions(upper), _arc_length_fractions(lower)]
    wanted = []
    for line in fractions:
        above, below = _interpolate_line(upper, fractions[0], line), _interpolate_line(lower, fractions[1], line)
        meeting = below + LOWER_LID_SHARE * (above - below)
        wanted.append(eyeball.at_distance(meeting, np.maximum(eyeball.distance(above), eyeball.distance(below))))
    chosen, places = np.r_[rim[0], rim[1][1:-1]], np.r_[wanted[0], wanted[1][1:-1]]
    return _soft_constraint(chosen, places - vertices[chosen], len(vertices))


def collision_constraints(
    vertices: Float64Array, offsets: Float64Array, skin: Int32Array, eyeball: Eyeball
) -> tuple[SoftConstraint, ...]:
    """Constrain triangles that `offsets` (V, 3) would bring into the eyeball or nearer to it than the clearance.

    Args:
        vertices: (V, 3) at rest.
        offsets: (V, 3).
        skin: (N, 3) the triangles to keep outside.
        eyeball: The sphere.
    """
    near = skin[(eyeball.distance(vertices[skin]) < MAX_CONTACT_RATIO * eyeball.radius).any(axis=1)]
    least = np.minimum(_min_distance(vertices[near], eyeball), (1 + CLEARANCE) * eyeball.radius)
    moved = vertices + offsets
    pushed = moved.copy()
    for _ in range(PUSH_ROUNDS):
        missing = (least - _min_distance(pushed[near], eyeball)).clip(0)
        further = np.zeros(len(vertices))
        np.maximum.at(further, near.ravel(), np.repeat(missing, 3))
        chosen = np.flatnonzero(further)
        pushed[chosen] = eyeball.at_distance(pushed[chosen], eyeball.distance(pushed[chosen]) + further[chosen])
    chosen = np.flatnonzero((pushed != moved).any(axis=1) & offsets.any(axis=1))
    return (_soft_constraint(chosen, (pushed - vertices)[chosen], len(vertices)),) if len(chosen) else ()


def _min_distance(triangles: Float64Array, eyeball: Eyeball) -> Float64Array:
    """Return the smallest distance of each of `triangles` (N, 3, 3) from the eyeball's centre, (N,)."""
    weights = nearest_barycentric(np.broadcast_to(eyeball.centre, (len(triangles), 3)), triangles)
    return eyeball.distance((weights[..., None] * triangles).sum(axis=1))


def _soft_constraint(chosen: Int32Array, offsets: Float64Array, count: int) -> SoftConstraint:
    rows = SparseMatrix(np.arange(len(chosen)), chosen, np.ones(len(chosen)), (len(chosen), count))
    return SoftConstraint(rows, offsets)


def _arc_length_fractions(points: Float64Array) -> Float64Array:
    run = np.r_[0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))]
    return run / run[-1]


def _interpolate_line(points: Float64Array, fractions: Float64Array, targets: Float64Array) -> Float64Array:
    return np.stack([np.interp(targets, fractions, points[:, axis]) for axis in range(3)], 1)
