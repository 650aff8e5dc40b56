"""Jaw, teeth, tongue, eyeballs and lashes of a character: the parts that are not skin."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...channels import FACE
from ..head import Head
from ..meshes.mesh_parts import mesh_edges
from ..meshes.nearest import near_box, nearest_points
from ..transfer.flame_lids import Eyeball, rotate_eyeball
from .attachment import smoothstep
from .lip_sides import LipSides
from .target_mesh import TargetMesh

Float64Array = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]

JAW_SHAPES = ("jawOpen", "jawForward", "jawLeft", "jawRight")
LIP_DEPTH, TOOTH_DEPTH = (
    0.006,
    0.02,
)  # m along the surface: up to here the mouth's lining follows the lips, from there the jaws
MIXED = 0.3  # relative difference of the distances to both lips below which the lining is between the jaws
MAJORITY = 0.75  # share of a part's vertices that decides for all
TOOTH = 0.025  # m: parts up to this size are always rigid
FIT_POINTS = 4000  # about as many vertices are fitted
FIT_ROUNDS, FIT_SCALE = 15, (0.9, 1.1)  # of teeth and tongue: rounds, and the scale of one
SMOOTHING = 15  # rounds for gums that lead from one jaw to the other
ROOT_REACH = 0.04  # m: skin farther from a lash is not searched for its root
ROOT = 0.25  # share of a lash's vertices, those nearest to the skin, that are its root


class JawMotion:
    """The rigid motion of the bundled head's lower teeth, at the target's mouth.

    Args:
        head: The bundled head.
        shift: (3,) m from the bundled head's mouth to the target's.
    """

    def __init__(self, head: Head, shift: Float64Array) -> None:
        self.head, self.shift = head, shift
        self.teeth = head.landmarks["lower_teeth"]

    def offsets(self, name: str, points: Float64Array) -> Float64Array:
        """Return the offsets (N, 3) of points that move with the lower jaw."""
        if name not in JAW_SHAPES:
            return np.zeros_like(points)
        rest = self.head.vertices[self.teeth].astype(np.float64)
        posed = rest + self.head.deltas[FACE.index(name)][self.teeth]
        middle, moved = rest.mean(axis=0), posed.mean(axis=0)
        u, _, vt = np.linalg.svd((posed - moved).T @ (rest - middle))
        rotation = u @ np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))]) @ vt
        local = points - self.shift
        return (local - middle) @ rotation.T + moved - local


class Lining:
    """The hidden skin inside the mouth: near the lips it follows them, deeper the jaws."""

    def __init__(self, target: TargetMesh, lips: LipSides, jaw: JawMotion) -> None:
        self.chosen = np.flatnonzero(lips.hidden)
        self.points, self.jaw = target.vertices[self.chosen], jaw
        big = np.float64(1.0)
        upper = np.minimum(lips.to_upper[self.chosen], big)
        lower = np.minimum(lips.to_lower[self.chosen], big)
        self.deep = smoothstep(LIP_DEPTH, TOOTH_DEPTH, np.minimum(upper, lower))[:, None]
        self.lower = smoothstep(-MIXED, MIXED, (upper - lower) / np.maximum(upper + lower, 1e-9))[:, None]

    def blend(self, name: str, offsets: Float64Array) -> None:
        """Write the offsets of the lining into `offsets` (V, 3), which has those that follow the skin."""
        with_jaws = self.lower * self.jaw.offsets(name, self.points)
        offsets[self.chosen] += self.deep * (with_jaws - offsets[self.chosen])


class MouthParts:
    """Teeth, gums and tongue that are separate from the skin."""

    def __init__(self, target: TargetMesh, head: Head, jaw: JawMotion) -> None:
        self.jaw, self.head = jaw, head
        self.chosen = np.concatenate(target.in_mouth) if target.in_mouth else np.zeros(0, np.int64)
        self.points = target.vertices[self.chosen]
        self.lower, self.tongue = np.zeros(len(self.chosen)), np.zeros(len(self.chosen))
        if not len(self.chosen):
            return
        marks = head.landmarks
        names = ("upper_teeth", "lower_teeth", "tongue")
        places = np.concatenate([head.vertices[marks[name]].astype(np.float64) for name in names])
        places = _fit_box(places + jaw.shift, self.points[:: 1 + len(self.points) // FIT_POINTS])
        kinds = np.repeat(np.arange(3), [len(marks[name]) for name in names])
        kind = kinds[nearest_points(self.points, places)[0]]
        start = 0
        for part in target.in_mouth:
            here = slice(start, start + len(part))
            start += len(part)
            self.lower[here], self.tongue[here] = _shares(target, part, kind[here])
        tongue = places[kinds == 2]
        self.nearest_tongue = marks["tongue"][nearest_points(self.points, tongue)[0]]

    def write(self, name: str, offsets: Float64Array) -> None:
        """Write the parts' offsets into `offsets` (V, 3)."""
        if not len(self.chosen):
            return
        moved = self.lower[:, None] * self.jaw.offsets(name, self.points)
        if name == "tongueOut":
            moved += self.tongue[:, None] * self.head.deltas[FACE.index(name)][self.nearest_tongue]
        offsets[self.chosen] = moved


def _fit_box(places: Float64Array, points: Float64Array) -> Float64Array:
    """Return `places` (N, 3), moved and scaled along each axis until `points` (M, 3) lie on them."""
    for _ in range(FIT_ROUNDS):
        nearest = places[nearest_points(points, places)[0]]
        middle, goal = nearest.mean(axis=0), points.mean(axis=0)
        spread = (nearest - middle).std(axis=0)
        scale = ((points - goal) * (nearest - middle)).mean(axis=0) / np.maximum(spread, 1e-4) ** 2
        places = goal + np.clip(scale, *FIT_SCALE) * (places - middle)
    return places


def _shares(target: TargetMesh, part: Int32Array, kind: npt.NDArray[np.integer]) -> tuple[Float64Array, Float64Array]:
    """Return how far each vertex of a part moves with the lower jaw (N,) and is tongue (N,)."""
    shares = [(kind == number).mean() for number in range(3)]
    whole = max(shares) > MAJORITY or np.ptp(target.vertices[part], axis=0).max() < TOOTH
    if whole:
        kind = np.full(len(part), int(np.argmax(shares)))
    lower, tongue = (kind >= 1).astype(np.float64), (kind == 2).astype(np.float64)
    if whole:
        return lower, tongue
    place = np.full(len(target.vertices), -1)
    place[part] = np.arange(len(part))
    inside = target.faces[(place[target.faces] >= 0).all(axis=1)]
    edges, _ = mesh_edges(place[inside].astype(np.int32))
    degree = np.maximum(np.bincount(edges.ravel(), minlength=len(part)), 1)
    both = np.stack([lower, tongue], axis=1)
    for _ in range(SMOOTHING):
        sums = np.zeros_like(both)
        np.add.at(sums, edges[:, 0], both[edges[:, 1]])
        np.add.at(sums, edges[:, 1], both[edges[:, 0]])
        both = (both + sums / degree[:, None]) / 2
    return both[:, 0], both[:, 1]


class SkinParts:
    """Lashes, brows and beards: each vertex follows the skin at its root."""

    def __init__(self, target: TargetMesh, anchors: npt.NDArray[np.integer]) -> None:
        self.chosen = np.concatenate(target.on_skin) if target.on_skin else np.zeros(0, np.int64)
        leaders: list[npt.NDArray[np.integer]] = []
        for part in target.on_skin:
            points = target.vertices[part]
            beside = anchors[near_box(target.vertices[anchors], points, ROOT_REACH)]
            beside = beside if len(beside) else anchors
            nearest, away = nearest_points(points, target.vertices[beside])
            root = np.flatnonzero(away <= np.quantile(away, ROOT))
            leaders.append(beside[nearest[root[nearest_points(points, points[root])[0]]]])
        self.leaders = np.concatenate(leaders) if leaders else self.chosen

    def write(self, offsets: Float64Array) -> None:
        """Write the parts' offsets into `offsets` (V, 3), which has the skin's."""
        offsets[self.chosen] = offsets[self.leaders]


def write_eyeballs(
    name: str, target: TargetMesh, eyeballs: dict[str, Eyeball], head: Head, offsets: Float64Array
) -> None:
    """Write the offsets of the target's eyeballs, which rotate as the bundled head's do, into `offsets` (V, 3)."""
    for side, part in target.eyeballs.items():
        source = head.landmarks[f"eyeball_{side.lower()}"]
        turn = head.deltas[FACE.index(name)][source].astype(np.float64)
        rest = head.vertices[source].astype(np.float64)
        offsets[part] = rotate_eyeball(target.vertices[part], eyeballs[side], rest, turn)
