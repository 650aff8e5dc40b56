"""Eyelids of a FLAME mesh that slide over its eyeballs, and eyeballs that turn as the bundled head's do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from .deformation_transfer import Held
from .registration import in_triangles

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

RIM = 3  # of the rings around the eye: the lids' front edge, which meets in a blink
LOWER_LID_SHARE = 0.12  # of the way to meet that the lower lid goes, as on the bundled head
CLEARANCE = 0.07  # of the eyeball's radius: how near to it the seen skin of the lids may come as it slides
PUSHES = 8  # rounds in which triangles are pushed off the eyeball
REACH = 1.6  # in the eyeball's radius: how far from its middle skin can touch it


@dataclass(frozen=True)
class Eyeball:
    """The sphere through an eyeball's vertices: `centre` (3,) and `radius`, metres."""

    centre: Floats
    radius: float

    @classmethod
    def of(cls, vertices: Floats) -> Eyeball:
        """The sphere nearest to points (N, 3)."""
        linear = np.c_[2 * vertices, np.ones(len(vertices))]
        solved = np.linalg.lstsq(linear, (vertices**2).sum(1), rcond=None)[0]
        centre = solved[:3]
        return cls(centre, float(np.sqrt(solved[3] + centre @ centre)))

    def away(self, points: Floats) -> Floats:
        """How far `points` (..., 3) are from the centre."""
        return np.linalg.norm(points - self.centre, axis=-1)

    def at_depth(self, points: Floats, away: Floats) -> Floats:
        """`points` (N, 3) moved along their rays from the centre until they are `away` (N,) from it."""
        return self.centre + (points - self.centre) * (away / self.away(points))[:, None]


def turned(vertices: Floats, eyeball: Eyeball, source: Floats, deltas: Floats) -> Floats:
    """Offsets (N, 3) that turn an eyeball's `vertices` (N, 3) about its middle as `deltas` (M, 3) turn the eyeball
    `source` (M, 3) (Kabsch 1976)."""
    if not deltas.any():
        return np.zeros_like(vertices)
    middle = Eyeball.of(source).centre
    u, _, vt = np.linalg.svd((source + deltas - middle).T @ (source - middle))
    rotation = u @ np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))]) @ vt
    return (vertices - eyeball.centre) @ (rotation - np.eye(3)).T


def closed(vertices: Floats, rim: tuple[Ints, Ints], eyeball: Eyeball) -> Held:
    """What holds the rims of the upper and the lower lid, each from corner to corner, on one line over the eyeball."""
    upper, lower = vertices[rim[0]], vertices[rim[1]]
    fractions = [_lengths(upper), _lengths(lower)]
    wanted = []
    for line in fractions:
        above, below = _along(upper, fractions[0], line), _along(lower, fractions[1], line)
        meeting = below + LOWER_LID_SHARE * (above - below)
        wanted.append(eyeball.at_depth(meeting, np.maximum(eyeball.away(above), eyeball.away(below))))
    chosen, places = np.r_[rim[0], rim[1][1:-1]], np.r_[wanted[0], wanted[1][1:-1]]
    return _held(chosen, places - vertices[chosen], len(vertices))


def outside(vertices: Floats, offsets: Floats, skin: Ints, eyeball: Eyeball) -> tuple[Held, ...]:
    """What holds those of the triangles `skin` (N, 3) out of the eyeball that `offsets` (V, 3) bring into it, or nearer
    to it than they may come."""
    near = skin[(eyeball.away(vertices[skin]) < REACH * eyeball.radius).any(axis=1)]
    least = np.minimum(_nearest(vertices[near], eyeball), (1 + CLEARANCE) * eyeball.radius)
    moved = vertices + offsets
    pushed = moved.copy()
    for _ in range(PUSHES):
        missing = (least - _nearest(pushed[near], eyeball)).clip(0)
        further = np.zeros(len(vertices))
        np.maximum.at(further, near.ravel(), np.repeat(missing, 3))
        chosen = np.flatnonzero(further)
        pushed[chosen] = eyeball.at_depth(pushed[chosen], eyeball.away(pushed[chosen]) + further[chosen])
    chosen = np.flatnonzero((pushed != moved).any(axis=1) & offsets.any(axis=1))
    return (_held(chosen, (pushed - vertices)[chosen], len(vertices)),) if len(chosen) else ()


def _nearest(triangles: Floats, eyeball: Eyeball) -> Floats:
    """How near each of `triangles` (N, 3, 3) comes to the eyeball's middle, (N,)."""
    weights = in_triangles(np.broadcast_to(eyeball.centre, (len(triangles), 3)), triangles)
    return eyeball.away((weights[..., None] * triangles).sum(axis=1))


def _held(chosen: Ints, offsets: Floats, count: int) -> Held:
    rows = sparse.csr_matrix((np.ones(len(chosen)), (np.arange(len(chosen)), chosen)), (len(chosen), count))
    return Held(rows, offsets)


def _lengths(points: Floats) -> Floats:
    run = np.r_[0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))]
    return run / run[-1]


def _along(points: Floats, at: Floats, where: Floats) -> Floats:
    return np.stack([np.interp(where, at, points[:, axis]) for axis in range(3)], 1)
