"""Where eyes and mouth of a face are, and which way it looks, from its shapes and its surface."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt

from . import shape_words
from .shapes import FaceShapes, Shape

FloatArray = npt.NDArray[np.float64]
CANCEL = 0.1
"""Length of a mean of normals up to which they cancel out."""


@dataclass(frozen=True)
class Landmarks:
    """Evidence in world coordinates; None where the shapes say nothing.

    Attributes:
        eyes: (3,) the point between the eyes.
        mouth: (3,) the centre of the mouth.
        lateral: (3,) from the side of the shapes named right to that of those named left.
        outward: (3,) mean normal of the surface of the face.
        opening: (3,) the direction in which the jaw opens.
        points: (N, 3) the vertices of the face.
        surface: (V, 3) all vertices of the mesh.
    """

    eyes: FloatArray | None
    mouth: FloatArray | None
    lateral: FloatArray | None
    outward: FloatArray | None
    opening: FloatArray | None
    points: FloatArray
    surface: FloatArray


def find_landmarks(
    obj: bpy.types.Object, face: FaceShapes, parts: Iterable[tuple[bpy.types.Object, FaceShapes]]
) -> Landmarks:
    """Return the landmarks of a face.

    Args:
        obj: The main mesh.
        face: Its face shapes.
        parts: Other meshes of the face with their shapes, for what the main mesh lacks, such as the eyes.
    """
    matrix = np.array(obj.matrix_world)
    placed = [(matrix, shape) for shape in face.shapes]
    others = [(np.array(part.matrix_world), shape) for part, shapes in parts for shape in shapes.shapes]
    moved, surface = face.moved(), np.empty((0, 3))
    if face.rest is not None:
        surface = face.rest @ matrix[:3, :3].T + matrix[:3, 3]
    return Landmarks(
        _centre(placed, "eye") if _has(placed, "eye") else _centre(others, "eye"),
        _centre(placed, "mouth") if _has(placed, "mouth") else _centre(placed, "jaw"),
        _lateral([*placed, *others]),
        _outward(obj, face, moved, matrix),
        _opening(placed),
        surface[moved] if len(surface) else surface,
        surface,
    )


_Placed = list[tuple[FloatArray, Shape]]


def _has(placed: _Placed, region: shape_words.Region) -> bool:
    return any(shape.region == region for _matrix, shape in placed)


def _centre(placed: _Placed, region: shape_words.Region, side: str | None = None) -> FloatArray | None:
    """Return the mean centre of the shapes of a part of the face, of both sides alike; None without any."""
    means = []
    for wanted in ("L", "R", "") if side is None else (side,):
        centres = [
            matrix[:3, :3] @ shape.centre + matrix[:3, 3]
            for matrix, shape in placed
            if shape.region == region and shape.side == wanted
        ]
        if centres:
            means.append(np.median(centres, axis=0))
    sided = means[:2] if side is None and len(means) == 3 else means
    return np.mean(sided, axis=0) if sided else None


def _lateral(placed: _Placed) -> FloatArray | None:
    total = np.zeros(3)
    for region in ("eye", "brow", "mouth", "nose"):
        left, right = _centre(placed, region, "L"), _centre(placed, region, "R")
        if left is not None and right is not None:
            total += left - right
    return total if np.linalg.norm(total) > 0 else None


def _outward(
    obj: bpy.types.Object, face: FaceShapes, moved: npt.NDArray[np.intp], matrix: FloatArray
) -> FloatArray | None:
    """Return the mean normal of the face; where normals cancel out, the side of the mesh that the face is on."""
    if not len(moved) or face.rest is None or face.reach is None:
        return None
    mean = mean_normal(obj, moved, face.reach[moved])
    if mean is not None:
        return mean
    offset = face.rest[moved].mean(axis=0) - face.rest.mean(axis=0)
    return matrix[:3, :3] @ offset if np.linalg.norm(offset) > 0 else None


def mean_normal(
    obj: bpy.types.Object, vertices: npt.NDArray[np.intp], weights: npt.NDArray[np.floating]
) -> FloatArray | None:
    """Return the weighted mean normal (3,) of vertices in the world; None if their normals cancel out."""
    matrix = np.array(obj.matrix_world)[:3, :3]
    if not len(vertices) or not abs(np.linalg.det(matrix)) > 0:
        return None
    normals = np.empty(3 * len(obj.data.vertices), np.float32)
    obj.data.vertices.foreach_get("normal", normals)
    mean = weights @ normals.reshape(-1, 3)[vertices] / weights.sum()
    return np.asarray(np.linalg.inv(matrix).T @ mean, np.float64) if np.linalg.norm(mean) > CANCEL else None


def _opening(placed: _Placed) -> FloatArray | None:
    """Return the motion of the shape that opens the jaw most: the largest of the jaw, or of the mouth."""
    for region in ("jaw", "mouth"):
        motions = [matrix[:3, :3] @ shape.motion for matrix, shape in placed if shape.region == region]
        if motions:
            return max(motions, key=lambda motion: float(np.linalg.norm(motion)))
    return None
