"""The parts of a character's mesh: skin, eyeballs, what is in the mouth, what lies on the skin, and the rest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ..meshes.mesh_parts import mesh_edges, part_labels, weld_seams
from ..meshes.nearest import near_box, nearest_points
from ..transfer.flame_lids import Eyeball
from ..transfer.geometry import vertex_normals
from .front_view import FrontView, view_from_front

Float64Array = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]

FACE_BOX = ((-0.075, -0.15, -0.085), (0.075, 0.0, 0.11))  # m, in the bundled head's frame
MOUTH_BOX = ((-0.045, -0.105, -0.075), (0.045, 0.0, 0.01))
EYE_BOX = ((0.008, -0.11, 0.0), (0.06, -0.03, 0.075))  # of the left eye
MIN_EYE, MAX_EYE = 0.013, 0.055  # m: diameters
MIN_ROUND = 0.6  # smallest ratio of an eyeball's height and width
MAX_EYE_ERROR = 0.1  # of the fitted sphere, relative to its radius
ON_SKIN, FAR_FROM_SKIN = 0.009, 0.02  # m: median and largest distance of lashes, brows and beards from the skin


@dataclass(frozen=True)
class TargetMesh:
    """A character's mesh in the bundled head's frame, in metres.

    Attributes:
        vertices: (V, 3).
        faces: (F, 3) triangles, seams welded.
        welded: (V,) the vertex that each vertex is one with.
        normals: (V, 3).
        skin: (V,) mask of the face's skin.
        eyeballs: Side ("Left", "Right") -> vertices of the eye's parts.
        in_mouth: Vertices of each part inside the mouth: teeth, gums, tongue.
        on_skin: Vertices of the parts that lie on the skin.
    """

    vertices: Float64Array
    faces: Int32Array
    welded: Int32Array
    normals: Float64Array
    skin: BoolArray
    eyeballs: dict[str, Int32Array]
    in_mouth: tuple[Int32Array, ...]
    on_skin: tuple[Int32Array, ...]

    @cached_property
    def skin_faces(self) -> Int32Array:
        """Return the skin's triangles (S, 3)."""
        return self.faces[self.skin[self.faces].all(axis=1)]

    @cached_property
    def skin_edges(self) -> Int32Array:
        """Return the skin's edges (E, 2)."""
        return mesh_edges(self.skin_faces)[0]

    @cached_property
    def skin_view(self) -> FrontView:
        """Return the view of the skin alone."""
        return view_from_front(self.vertices, self.skin_faces)

    @cached_property
    def eye_faces(self) -> Int32Array:
        """Return the triangles (N, 3) of the skin and the eyeballs."""
        shown = self.skin.copy()
        for part in self.eyeballs.values():
            shown[part] = True
        return self.faces[shown[self.faces].all(axis=1)]

    @cached_property
    def eye_view(self) -> FrontView:
        """Return the view of the skin and the eyeballs."""
        return view_from_front(self.vertices, self.eye_faces)


def split_parts(vertices: Float64Array, faces: Int32Array) -> TargetMesh:
    """Return the parts of a mesh.

    Args:
        vertices: (V, 3) in the bundled head's frame.
        faces: (F, 3) triangles.
    """
    normals = vertex_normals(vertices, faces)
    welded = weld_seams(vertices, faces, normals)
    joined = welded[faces]
    joined = joined[(joined[:, 0] != joined[:, 1]) & (joined[:, 1] != joined[:, 2]) & (joined[:, 2] != joined[:, 0])]
    labels = part_labels(joined, len(vertices))
    labels = labels[welded]
    skin = labels == _skin_label(vertices, joined, labels)
    parts = _small_parts(vertices, joined, labels, skin)
    eyes, in_mouth, on_skin = {"Left": [], "Right": []}, [], []
    outer = np.flatnonzero(skin)
    for part in parts:
        points = vertices[part]
        side = _eye_side(points)
        if side is not None:
            eyes[side].append(part)
        elif _in_box(points, MOUTH_BOX).mean() > 0.9:
            in_mouth.append(part)
        elif _in_box(points, FACE_BOX).mean() > 0.9:
            beside = outer[near_box(vertices[outer], points, 2 * FAR_FROM_SKIN)]
            away = nearest_points(points, vertices[beside])[1] if len(beside) else np.full(1, np.inf)
            if np.median(away) < ON_SKIN and away.max() < FAR_FROM_SKIN:
                on_skin.append(part)
    eyeballs = {side: np.concatenate(found) for side, found in eyes.items() if found}
    return TargetMesh(vertices, joined, welded, normals, skin, eyeballs, tuple(in_mouth), tuple(on_skin))


def _skin_label(vertices: Float64Array, faces: Int32Array, labels: Int32Array) -> int:
    """Return the label of the part with the largest area in the face."""
    corners = vertices[faces]
    areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    inside = _in_box(corners.mean(axis=1), FACE_BOX)
    return int(np.bincount(labels[faces[:, 0]], areas * inside, minlength=1).argmax())


def _small_parts(vertices: Float64Array, faces: Int32Array, labels: Int32Array, skin: BoolArray) -> list[Int32Array]:
    """Return the vertices of each part but the skin that is in the face."""
    used = np.zeros(len(vertices), bool)
    used[faces] = True
    used = (used | (labels != np.arange(len(labels)))) & ~skin & _in_box(vertices, FACE_BOX)
    near = np.unique(labels[used])
    chosen = np.flatnonzero(np.isin(labels, near) & ~skin)
    order = chosen[np.argsort(labels[chosen], kind="stable")]
    return np.split(order, np.flatnonzero(np.diff(labels[order])) + 1) if len(order) else []


def _in_box(points: Float64Array, box: tuple[tuple[float, float, float], tuple[float, float, float]]) -> BoolArray:
    return ((points > box[0]) & (points < box[1])).all(axis=-1)


def _eye_side(points: Float64Array) -> str | None:
    """Return the side of the eye that a part is, or None."""
    mirrored = points * (np.sign(points[:, 0].mean()), 1.0, 1.0)
    extent = np.ptp(points, axis=0)
    flat = extent[[0, 2]]
    if len(points) < 12 or not _in_box(mirrored.mean(axis=0), EYE_BOX):
        return None
    if not MIN_EYE < flat.max() < MAX_EYE or flat.min() < MIN_ROUND * flat.max():
        return None
    ball = Eyeball.fit(points)
    error = np.sqrt(((ball.distance(points) - ball.radius) ** 2).mean())
    if error > MAX_EYE_ERROR * ball.radius or not MIN_EYE < 2 * ball.radius < MAX_EYE:
        return None
    return "Left" if points[:, 0].mean() > 0 else "Right"
