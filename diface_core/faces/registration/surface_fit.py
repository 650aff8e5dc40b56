"""The bundled head's skin fitted to another head's: landmarks first, then nearest points with less and less stiffness.

Non-rigid iterative closest points (Amberg, Romdhani and Vetter, CVPR 2007) with a thin-plate energy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..meshes.nearest import nearest_points, oriented
from ..meshes.smooth_field import FieldFit, Neighbours
from ..meshes.surface_samples import Surface
from ..transfer.geometry import nearest_barycentric, vertex_normals
from .front_view import FrontView, pixel_centre
from .lip_sides import LipSides
from .openings import Opening, SeenLine
from .target_mesh import TargetMesh
from .template import Template

Float64Array = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]

STIFFNESSES = (1e4, 3e3, 1e3, 300.0, 100.0, 30.0, 10.0, 4.0, 2.0)
ROUNDS = 3
FINE, COARSE = 50.0, 3  # above this stiffness every third vertex and sample is used
REACHES = (0.02, 0.02, 0.015, 0.012, 0.01, 0.008, 0.007, 0.006, 0.006)  # m: farther points do not count
LANDMARK_STRENGTH = 30.0
NORMAL_WEIGHT = 0.012  # m
SIDE_WEIGHT = 0.02  # m of distance between points of different lips
MIN_COSINE = 0.3
SPACING = 2e-3  # m between samples: points this far from one may be on the surface
FACE_SAMPLES, HEAD_SAMPLES = 9000, 4000
HEAD_BOX = ((-0.12, -0.16, -0.13), (0.12, 0.13, 0.2))  # m


@dataclass(frozen=True)
class Landmarks:
    """Points of the template's skin, `corners` (L, 3) with `weights` (L, 3), and their `places` (L, 3)."""

    corners: Int32Array
    weights: Float64Array
    places: Float64Array


@dataclass(frozen=True)
class Samples:
    """Points of the target's skin with normals (N, 3) and the lip they are on (N,)."""

    points: Float64Array
    normals: Float64Array
    sides: Float64Array

    @property
    def features(self) -> Float64Array:
        """Return the coordinates (N, 7) whose distances count places, normals and lips."""
        return np.c_[oriented(self.points, self.normals, NORMAL_WEIGHT), SIDE_WEIGHT / 2 * self.sides]

    def every(self, step: int) -> Samples:
        """Return every so many samples."""
        return Samples(self.points[::step], self.normals[::step], self.sides[::step])


def opening_landmarks(template: Template, seen: Opening, target_view: FrontView, target: Opening) -> Landmarks:
    """Return landmarks along both edges of an opening of the template, `seen`, and of the target."""
    pairs = [(seen.upper, target.upper), (seen.lower, target.lower)]
    placed = [_surface_points(template, line.even()) for line, _ in pairs]
    return Landmarks(
        np.concatenate([corners for corners, _ in placed]),
        np.concatenate([weights for _, weights in placed]),
        np.concatenate([line.even().points(target_view) for _, line in pairs]),
    )


def _surface_points(template: Template, line: SeenLine) -> tuple[Int32Array, Float64Array]:
    """Return the vertices (N, 3) and weights (N, 3) of the template's points at pixels."""
    corners = template.faces[template.view.triangle[line.row, line.column]]
    flat = pixel_centre(line.row, line.column)
    places = np.stack([flat[:, 0], template.view.depth[line.row, line.column], flat[:, 1]], axis=1)
    return corners, nearest_barycentric(places, template.vertices[corners])


def joined_landmarks(landmarks: Sequence[Landmarks]) -> Landmarks:
    """Return all landmarks as one."""
    return Landmarks(
        np.concatenate([one.corners for one in landmarks]),
        np.concatenate([one.weights for one in landmarks]),
        np.concatenate([one.places for one in landmarks]),
    )


def sample_skin(target: TargetMesh, lips: LipSides) -> Samples:
    """Return samples of the target's skin, denser in the face."""
    faces = target.skin_faces
    surface = Surface(target.vertices, faces)
    middle = surface.corners.mean(axis=1)
    near = ((middle > HEAD_BOX[0]) & (middle < HEAD_BOX[1])).all(axis=1)
    near &= ~lips.hidden[faces].all(axis=1)
    face = near & (middle[:, 1] < -0.03) & (middle[:, 2] > -0.09)
    found: list[tuple[Float64Array, Float64Array, Float64Array]] = []
    normals = vertex_normals(target.vertices, faces)
    for chosen, count in ((face, FACE_SAMPLES), (near & ~face, HEAD_SAMPLES)):
        if not chosen.any():
            continue
        drawn = surface.sample(count, chosen)
        # The vertex nearest to a sample has the smooth normal and the side of the lips.
        smooth, flat = normals[drawn.vertex], drawn.normals
        smooth = np.where((smooth * flat).sum(axis=1, keepdims=True) > MIN_COSINE, smooth, flat)
        found.append((drawn.points, (smooth + flat) / 2, lips.side[drawn.vertex].astype(np.float64)))
    points, normals, sides = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
    return Samples(points, normals / np.linalg.norm(normals, axis=1, keepdims=True), sides)


def fit_surface(
    template: Template, samples: Samples, landmarks: Landmarks, report: Callable[[float], None]
) -> Float64Array:
    """Return the template's skin (S, 3) on the target's.

    Args:
        template: The bundled head.
        samples: The target's skin.
        landmarks: Points that must coincide.
        report: Called with the fraction that is done.
    """
    rest = template.vertices
    fit = FieldFit(Neighbours(rest, template.faces), landmarks.corners, landmarks.weights, LANDMARK_STRENGTH)
    missing = landmarks.places - (landmarks.weights[..., None] * rest[landmarks.corners]).sum(axis=1)
    field = np.zeros_like(rest)
    steps = [step for step in zip(STIFFNESSES, REACHES, strict=True) for _ in range(ROUNDS)]
    for number, (stiffness, reach) in enumerate(steps):
        report(number / len(steps))
        thin = COARSE if stiffness > FINE else 1
        moves, found = _moves_to_target(template, rest + field, samples.every(thin), thin, reach)
        confidence, values = np.zeros(len(rest)), field.copy()
        confidence[found] = thin
        values[found] += moves
        field = fit.solve(stiffness, confidence, values, missing, field)
    return rest + field


def _moves_to_target(
    template: Template, here: Float64Array, samples: Samples, thin: int, reach: float
) -> tuple[Float64Array, npt.NDArray[np.intp]]:
    """Return moves (N, 3) to the target's surface, and the vertices (N,) that have one.

    Args:
        template: The bundled head.
        here: (S, 3) where its vertices are now.
        samples: The target's skin.
        thin: Only every so many vertices are matched.
        reach: m.
    """
    matched = np.flatnonzero(template.matched)[::thin]
    normals = vertex_normals(here, template.faces)[matched]
    sides = template.lips.side[matched].astype(np.float64)
    mine = np.c_[oriented(here[matched], normals, NORMAL_WEIGHT), SIDE_WEIGHT / 2 * sides]
    nearest, _ = nearest_points(mine, samples.features)
    apart, outward = samples.points[nearest] - here[matched], samples.normals[nearest]
    # Towards the tangent plane: the samples are sparser than the surface.
    along = (apart * outward).sum(axis=1, keepdims=True) * outward
    slide = apart - along
    size = np.linalg.norm(slide, axis=1, keepdims=True)
    moves = along + slide * (1 - np.minimum(1.0, SPACING / np.maximum(size, 1e-9)))
    good = (np.linalg.norm(apart, axis=1) < reach) & ((normals * outward).sum(axis=1) > MIN_COSINE)
    good &= sides * samples.sides[nearest] >= 0
    return moves[good], matched[good]
