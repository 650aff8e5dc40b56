"""Lips and lids of a character that touch where the shapes say so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..meshes.nearest import near_box
from ..transfer.flame_lids import Eyeball
from ..transfer.flame_lips import LIP_OPENERS, LIP_PRESSERS
from ..transfer.geometry import nearest_barycentric
from .attachment import smoothstep
from .front_view import PIXEL, FrontView
from .lip_sides import LipSides
from .openings import Opening, SeenLine
from .target_mesh import TargetMesh

Float64Array = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]

LIP_REACH, LID_REACH = 0.012, 0.009  # m from the line where both meet: the correction fades to nothing here
ROUNDS = 4
LID_GAP = 2e-4  # m over an eyeball


class SeenPoints:
    """Points of a mesh along a line of its view, that move with the mesh.

    Args:
        view: The view.
        faces: (F, 3) the triangles that it shows.
        vertices: (V, 3) at rest.
        line: The line.
    """

    def __init__(self, view: FrontView, faces: Int32Array, vertices: Float64Array, line: SeenLine) -> None:
        line = line.even()
        self.corners = faces[view.triangle[line.row, line.column]]
        self.rest = line.points(view)
        self.weights = nearest_barycentric(self.rest, vertices[self.corners])

    def sample(self, values: Float64Array) -> Float64Array:
        """Return the values (N, 3) at the points of values (V, 3) at the vertices."""
        return (self.weights[..., None] * values[self.corners]).sum(axis=1)


@dataclass(frozen=True)
class _Edge:
    """Vertices `chosen` (N,) near a line of points (P, 3), `fade` (N,), and `shares` (N, P) of the points."""

    chosen: npt.NDArray[np.intp]
    fade: Float64Array
    shares: Float64Array

    @classmethod
    def near(cls, vertices: Float64Array, candidates: npt.NDArray[np.intp], line: Float64Array, reach: float) -> _Edge:
        candidates = candidates[near_box(vertices[candidates], line, reach)]
        away = np.linalg.norm(vertices[candidates][:, None] - line[None], axis=2)
        near = away.min(axis=1) < reach
        away = away[near]
        width = np.linalg.norm(np.diff(line, axis=0), axis=1).mean()
        shares = np.exp(-(((away - away.min(axis=1, keepdims=True)) / width) ** 2) - (away / (4 * width)) ** 2)
        fade = 1 - smoothstep(0.25 * reach, reach, away.min(axis=1))
        return cls(candidates[near], fade, shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-30))

    def move(self, offsets: Float64Array, by: Float64Array) -> None:
        offsets[self.chosen] += self.fade[:, None] * (self.shares @ by)


class LipContact:
    """The line between a character's lips, and both lips' vertices near it."""

    def __init__(self, target: TargetMesh, view: FrontView, mouth: Opening, lips: LipSides) -> None:
        self.upper, self.lower = (
            SeenPoints(view, target.skin_faces, target.vertices, line) for line in (mouth.upper, mouth.lower)
        )
        self.rest_gap = (self.upper.rest[:, 2] - self.lower.rest[:, 2] - 2 * PIXEL).clip(0)
        self.edges = [
            _Edge.near(target.vertices, np.flatnonzero((lips.side == side) & target.skin), points.rest, LIP_REACH)
            for side, points in ((1, self.upper), (-1, self.lower))
        ]

    def close(self, name: str, offsets: Float64Array, opened: Float64Array | None = None) -> None:
        """Move both lips in `offsets` (V, 3) so that they touch, if the shape leaves them closed.

        `opened` (V, 3) are the offsets of jawOpen, for mouthClose, which closes what jawOpen and the rest have open.
        """
        if name in LIP_OPENERS or name in LIP_PRESSERS:
            return
        for _ in range(ROUNDS):
            total = offsets if opened is None else offsets + opened
            parted = self.upper.sample(total) - self.lower.sample(total)
            if opened is not None:
                parted[:, 2] += self.rest_gap
            for edge, sign in zip(self.edges, (-0.5, 0.5), strict=True):
                edge.move(offsets, sign * parted)


class LidContact:
    """The rims of one eye's lids, and the upper lid's vertices.

    Args:
        target: The character's mesh.
        view: The view that the eye is seen in.
        faces: (F, 3) the triangles that it shows.
        eye: The rims in it.
        eyeball: The eyeball, None if the mesh has none.
    """

    def __init__(
        self, target: TargetMesh, view: FrontView, faces: Int32Array, eye: Opening, eyeball: Eyeball | None
    ) -> None:
        self.target, self.eyeball = target, eyeball
        self.upper, self.lower = (SeenPoints(view, faces, target.vertices, line) for line in (eye.upper, eye.lower))
        skin = np.flatnonzero(target.skin)
        skin = skin[near_box(target.vertices[skin], self.upper.rest, LID_REACH)]
        to_upper, to_lower = (
            np.linalg.norm(target.vertices[skin][:, None] - points.rest[None], axis=2).min(axis=1)
            for points in (self.upper, self.lower)
        )
        self.edge = _Edge.near(target.vertices, skin[to_upper <= to_lower], self.upper.rest, LID_REACH)

    def close(self, offsets: Float64Array) -> None:
        """Move the upper lid in `offsets` (V, 3) of a blink until it meets the lower one."""
        for _ in range(ROUNDS):
            upper = self.upper.rest + self.upper.sample(offsets)
            lower = self.lower.rest + self.lower.sample(offsets)
            self.edge.move(offsets, lower - upper)
        if self.eyeball is not None:
            self._push_out(self.eyeball, offsets)

    def _push_out(self, eyeball: Eyeball, offsets: Float64Array) -> None:
        """Keep the upper lid outside the eyeball."""
        chosen = self.edge.chosen
        rest = self.target.vertices[chosen]
        posed = rest + offsets[chosen]
        least = np.minimum(eyeball.distance(rest), eyeball.radius + LID_GAP)
        inside = eyeball.distance(posed) < least
        posed[inside] = eyeball.at_distance(posed[inside], least[inside])
        offsets[chosen] = posed - rest
