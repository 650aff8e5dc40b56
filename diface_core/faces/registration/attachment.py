"""Vertices of a character attached to the fitted skin of the bundled head, and those inside that follow them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..meshes.nearest import nearest_points, oriented
from ..transfer.geometry import nearest_barycentric, vertex_normals
from ..transfer.sparse import SparseMatrix, solve_positive_definite
from .features import Features
from .lip_sides import LipSides, seen_vertices
from .surface_fit import HEAD_BOX, SIDE_WEIGHT
from .target_mesh import TargetMesh
from .template import HIDDEN_BOXES, Template

Float64Array = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]

NORMAL_WEIGHT = 0.004  # m
NEAR, FAR = 0.012, 0.025  # m from the fitted skin: full motion up to here, none from there
RIDGE = 1e-6


class Attachment:
    """Points of the fitted skin, `corners` (N, 3) with `weights` (N, 3), that vertices `moving` (N,) follow.

    Args:
        template: The bundled head.
        fitted: (S, 3) m, its skin on the target.
        free: (S,) mask of its vertices that move in any shape.
        target: The character's mesh. `chosen` (M,) are its vertices that lie on the fitted skin.
        lips: The sides of its mouth.
        hidden: (V,) mask of its skin that follows what is around it.
    """

    def __init__(
        self,
        template: Template,
        fitted: Float64Array,
        free: BoolArray,
        target: TargetMesh,
        lips: LipSides,
        hidden: BoolArray,
    ) -> None:
        self.chosen = np.flatnonzero(target.skin & ~hidden & _in_box(target.vertices, HEAD_BOX))
        normals = vertex_normals(fitted, template.faces)
        usable = np.flatnonzero(template.matched | (template.vertices[:, 2] < np.min(HEAD_BOX[0][2] + 0.05)))
        sides = template.lips.side.astype(np.float64)
        mine = np.c_[
            oriented(target.vertices, target.normals, NORMAL_WEIGHT), SIDE_WEIGHT / 2 * lips.side.astype(np.float64)
        ][self.chosen]
        theirs = np.c_[oriented(fitted, normals, NORMAL_WEIGHT), SIDE_WEIGHT / 2 * sides][usable]
        vertex = usable[nearest_points(mine, theirs)[0]]
        # What lies on vertices that stay still in every shape stays still.
        around = free.copy()
        around[template.faces[free[template.faces].any(axis=1)]] = True
        self.moving, vertex = self.chosen[around[vertex]], vertex[around[vertex]]
        self.corners, self.weights, away = _best_triangles(template, fitted, target.vertices[self.moving], vertex)
        self.weights = self.weights * (1 - smoothstep(NEAR, FAR, away))[:, None]

    def follow(self, offsets: Float64Array, count: int) -> Float64Array:
        """Return offsets (V, 3) of the target's `count` vertices for those of the fitted skin (S, 3)."""
        result = np.zeros((count, 3))
        result[self.moving] = np.einsum("nc,nca->na", self.weights, np.take(offsets, self.corners, axis=0))
        return result


def hidden_vertices(target: TargetMesh, features: Features) -> BoolArray:
    """Return a mask (V,) of the skin inside the mouth, the nostrils and the eye sockets."""
    hidden, seen = features.lips.hidden.copy(), seen_skin(target)
    for low, high in HIDDEN_BOXES:
        hidden |= ~seen & _in_box(target.vertices, (low, high))
    return hidden & target.skin


def seen_skin(target: TargetMesh) -> BoolArray:
    """Return a mask (V,) of the skin that is seen from the front when the eyeballs are in place."""
    return seen_vertices(target.vertices, target.skin_faces, target.eye_view)


class InnerSkin:
    """The skin's hidden vertices, which follow those around them: a harmonic field on the mesh."""

    def __init__(self, target: TargetMesh, hidden: BoolArray) -> None:
        self.inner = np.flatnonzero(hidden)
        edges = target.skin_edges
        edges = edges[hidden[edges].any(axis=1)]
        one, other = np.concatenate([edges, edges[:, ::-1]]).T
        length = np.linalg.norm(target.vertices[one] - target.vertices[other], axis=1)
        values = 1 / np.maximum(length, 0.1 * np.median(length)) if len(length) else length
        count, numbers = len(self.inner), np.arange(len(self.inner))
        self.border = np.setdiff1d(edges, self.inner)
        """The vertices (B,) around the hidden ones."""
        place = np.full(len(target.vertices), -1)
        place[self.inner] = numbers
        place[self.border] = count + np.arange(len(self.border))
        links = SparseMatrix.from_entries(place[one], place[other], values, (len(place), len(place)))
        links = links.select_rows(numbers)
        within = links.columns < count
        sums = np.bincount(links.rows, links.values, count)
        coupling = SparseMatrix(links.rows[within], links.columns[within], -links.values[within], (count, count))
        self.links = SparseMatrix(
            links.rows[~within], links.columns[~within] - count, links.values[~within], (count, len(self.border))
        )
        scale = float(sums.mean()) if len(sums) else 1.0
        self.matrix = coupling + SparseMatrix(numbers, numbers, sums + RIDGE * scale, (count, count))

    def fill(self, offsets: npt.NDArray[np.floating]) -> None:
        """Write the hidden vertices' values of shapes into `offsets` (K, V, 3): one system for all."""
        if len(self.inner):
            around = offsets[:, self.border].transpose(1, 0, 2).reshape(len(self.border), -1).astype(np.float64)
            solved = solve_positive_definite(self.matrix, self.links @ around)
            offsets[:, self.inner] = solved.reshape(len(self.inner), -1, 3).transpose(1, 0, 2)


def _best_triangles(
    template: Template, fitted: Float64Array, points: Float64Array, vertex: npt.NDArray[np.integer]
) -> tuple[Int32Array, Float64Array, Float64Array]:
    """Return corners (N, 3), weights (N, 3) and distance (N,) of the nearest point around a vertex for each point."""
    faces = template.faces
    around = np.repeat(np.arange(len(faces)), 3)
    order = np.argsort(faces.ravel(), kind="stable")
    degree = np.bincount(faces.ravel(), minlength=len(fitted))
    start = np.cumsum(degree) - degree
    best = np.full(len(points), np.inf)
    corners, weights = np.zeros((len(points), 3), np.int32), np.zeros((len(points), 3))
    for number in range(int(degree.max())):
        has = np.flatnonzero(degree[vertex] > number)
        candidate = faces[around[order[start[vertex[has]] + number]]]
        share = nearest_barycentric(points[has], fitted[candidate])
        away = np.linalg.norm((share[..., None] * fitted[candidate]).sum(axis=1) - points[has], axis=1)
        nearer = away < best[has]
        chosen = has[nearer]
        best[chosen], corners[chosen], weights[chosen] = away[nearer], candidate[nearer], share[nearer]
    return corners, weights, best


def _in_box(points: Float64Array, box: tuple[tuple[float, float, float], tuple[float, float, float]]) -> BoolArray:
    return ((points > box[0]) & (points < box[1])).all(axis=-1)


def smoothstep(low: float, high: float, values: Float64Array) -> Float64Array:
    """Return 0 up to `low`, 1 from `high` on, smooth between."""
    share = np.clip((values - low) / (high - low), 0.0, 1.0)
    return share**2 * (3 - 2 * share)
