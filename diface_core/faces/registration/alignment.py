"""Position, size and direction of a face in a mesh, by the bundled head fitted to it from many starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...errors import SceneError
from ..meshes.nearest import nearest_points, oriented
from ..meshes.surface_samples import Surface, SurfaceSamples
from ..transfer.geometry import fit_similarity

Float64Array = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]

HEAD_SHARES = (1.15, 1.0, 0.85, 0.7, 0.55, 0.42, 0.32, 0.24, 0.18, 0.14, 0.115)
"""Height of the head, crown to chin, relative to the mesh's, at the starts of the search."""
YAWS = (0.0, np.pi, np.pi / 2, -np.pi / 2)
CROWN, CHIN = 0.145, -0.075  # m: heights on the bundled head
NORMAL_WEIGHT = 0.02  # m of distance for a difference of 1 between unit normals
TARGET_SAMPLES = 2500
QUICK_ROUNDS, FINAL_ROUNDS = 8, 30
FINALISTS = 4
TRIED = 0.5  # fraction of the work at which all starts are tried
QUICK = 3  # every so many samples are used to rank the starts
KEPT = 0.8  # share of the pairs that count: hair, ears and masks have no counterpart
CAP = 0.03  # m: distances above this count as this
FEW = 50  # triangles
HEAD_BOX = ((-0.11, -0.15, -0.11), (0.11, 0.12, 0.18))  # m: around the bundled head
MAX_RESIDUAL = 0.018  # m
MAX_MISFIT = 0.02  # m: mean distance of landmarks from the bundled head's


@dataclass(frozen=True)
class Similarity:
    """A similarity that brings points of the target to the bundled head's frame: `scale * p @ rotation.T + shift`."""

    scale: float
    rotation: Float64Array
    shift: Float64Array

    def apply(self, points: Float64Array) -> Float64Array:
        """Return points (N, 3) in the bundled head's frame, metres."""
        return self.scale * points @ self.rotation.T + self.shift

    def offsets_back(self, offsets: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return offsets (..., 3) of the bundled head's frame in the target's."""
        return offsets @ (self.rotation / self.scale).astype(np.float32)

    def after(self, first: Similarity) -> Similarity:
        """Return the similarity that applies `first` and then this one."""
        return Similarity(self.scale * first.scale, self.rotation @ first.rotation, self.apply(first.shift[None])[0])


@dataclass(frozen=True)
class FaceSample:
    """Points (N, 3) and normals (N, 3) of the bundled head's face and skull."""

    points: Float64Array
    normals: Float64Array


def align_face(
    vertices: Float64Array, faces: Int32Array, template: FaceSample, report: Callable[[float], None]
) -> tuple[Similarity, float]:
    """Return the similarity that brings a mesh's face onto the bundled head's, and the mean distance left (m).

    Args:
        vertices: (V, 3), Z up; the head is at the top.
        faces: (F, 3) triangles.
        template: The bundled head.
        report: Called with the fraction that is done; may raise to cancel.

    Raises:
        SceneError: Nothing in the mesh is like a face.
    """
    surface = Surface(vertices, faces)
    low, high = surface.corners.min(axis=(0, 1)), surface.corners.max(axis=(0, 1))
    few = FaceSample(template.points[::QUICK], template.normals[::QUICK])
    tried: list[tuple[float, Similarity]] = []
    for number, share in enumerate(HEAD_SHARES):
        report(TRIED * number / len(HEAD_SHARES))
        height = share * (high[2] - low[2])
        drawn = _sample_top(surface, high[2] - 1.35 * height)
        points, normals = drawn.points, drawn.normals
        scale = (CROWN - CHIN) / height
        middle = np.median(points, axis=0)
        for yaw in YAWS:
            cosine, sine = np.cos(yaw), np.sin(yaw)
            rotation = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
            shift = np.array([0.0, 0.0, CROWN]) - scale * rotation @ np.array([middle[0], middle[1], high[2]])
            start = Similarity(scale, rotation, shift)
            tried.append(fit_points(points[::QUICK], normals[::QUICK], start, few, QUICK_ROUNDS))
    tried.sort(key=lambda item: item[0])
    results: list[tuple[float, Similarity]] = []
    for number, (_, found) in enumerate(tried[:FINALISTS]):
        report(TRIED + (1 - TRIED) * number / FINALISTS)
        results.append(_refine(surface, found, template))
    residual, best = min(results, key=lambda item: item[0])
    if residual > MAX_RESIDUAL:
        raise SceneError(
            "No human face was found in the mesh.",
            "Select a mesh with a head that stands upright (Z up in the world) and has eyes, a nose and a mouth.",
        )
    return best, residual


def align_landmarks(places: Float64Array, template: Float64Array) -> Similarity:
    """Return the similarity that brings landmarks of a face (5, 3) nearest to those of the bundled head (5, 3), m.

    Raises:
        SceneError: They are not where those of a face are.
    """
    found = Similarity(*fit_similarity(places, template)) if np.ptp(places, axis=0).max() > 0 else None
    if found is None or np.linalg.norm(found.apply(places) - template, axis=1).mean() > MAX_MISFIT:
        raise SceneError(
            "The landmarks are not placed as in a face.",
            "Move each to its point: left and right of the character, not of the view. Or delete them.",
        )
    return found


def _sample_top(surface: Surface, bottom: float) -> SurfaceSamples:
    chosen = (surface.corners[..., 2] > bottom).all(axis=1)
    return surface.sample(TARGET_SAMPLES, chosen if chosen.sum() > FEW else None)


def _refine(surface: Surface, start: Similarity, template: FaceSample) -> tuple[float, Similarity]:
    """Return the residual and the similarity of a start, with samples near the face only."""
    points = start.apply(surface.vertices)
    chosen = ((points > HEAD_BOX[0]) & (points < HEAD_BOX[1])).all(axis=1)[surface.faces].all(axis=1)
    if chosen.sum() < FEW:
        return np.inf, start
    drawn = surface.sample(TARGET_SAMPLES, chosen)
    return fit_points(drawn.points, drawn.normals, start, template, FINAL_ROUNDS)


def fit_points(
    points: Float64Array, normals: Float64Array, start: Similarity, template: FaceSample, rounds: int
) -> tuple[float, Similarity]:
    """Return the residual (m) and the similarity of an iterative closest point search both ways."""
    here, residual = start, np.inf
    features = oriented(template.points, template.normals, NORMAL_WEIGHT)
    for _ in range(rounds):
        moved, turned = here.apply(points), normals @ here.rotation.T
        placed = oriented(moved, turned, NORMAL_WEIGHT)
        to_target, away = nearest_points(features, placed)
        near = np.flatnonzero(_in_face_box(moved))
        back, back_away = nearest_points(placed[near], features) if len(near) else (near, np.zeros(0))
        keep, keep_back = away <= np.quantile(away, KEPT), np.zeros(0, bool)
        residual = float(np.minimum(away, CAP).mean())
        if len(near) > 20:
            keep_back = back_away <= np.quantile(back_away, KEPT)
            residual = (residual + float(np.minimum(back_away, CAP).mean())) / 2
        else:
            return np.inf, here
        ones = np.concatenate([moved[to_target[keep]], moved[near[keep_back]]])
        others = np.concatenate([template.points[keep], template.points[back[keep_back]]])
        here = Similarity(*fit_similarity(ones, others)).after(here)
    return residual, here


def _in_face_box(points: Float64Array) -> npt.NDArray[np.bool_]:
    return ((points > (-0.075, -0.13, -0.08)) & (points < (0.075, 0.0, 0.11))).all(axis=1)
