"""The face shapes of a mesh: shape keys that are named for the face and move vertices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt

from ..shape_displacement import positions
from . import shape_words

MOVES = 5e-5
"""Largest displacement, relative to the diagonal of the mesh, up to which a shape moves nothing: exporters' noise."""

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Shape:
    """A face shape, in the coordinates of its mesh.

    Attributes:
        name: Name of the shape key.
        region: Part of the face.
        side: "L", "R" or "".
        centre: (3,) mean of the vertices that it moves, weighted by the squares of their displacements.
        motion: (3,) mean of their displacements, weighted alike.
    """

    name: str
    region: shape_words.Region
    side: str
    centre: FloatArray
    motion: FloatArray


@dataclass(frozen=True)
class FaceShapes:
    """The face shapes of a mesh that move vertices.

    Attributes:
        shapes: The shapes.
        still: Names of shape keys that are named for the face and move nothing.
        reach: (V,) float32: how far the shapes move each vertex at most.
        rest: (V, 3) float32: the vertices without shapes.
    """

    shapes: tuple[Shape, ...] = ()
    still: tuple[str, ...] = ()
    reach: npt.NDArray[np.float32] | None = None
    rest: npt.NDArray[np.float32] | None = None

    @property
    def regions(self) -> set[shape_words.Region]:
        """The parts of the face that the shapes move."""
        return {shape.region for shape in self.shapes}

    def moved(self) -> npt.NDArray[np.intp]:
        """Return the vertices that belong to the face: those that shapes move by a tenth of the largest motion."""
        if self.reach is None or not self.shapes:
            return np.empty(0, np.intp)
        return np.flatnonzero(self.reach > 0.1 * self.reach.max())


def rest_vertices(mesh: bpy.types.Mesh) -> npt.NDArray[np.float32]:
    """Return the vertices (V, 3) of a mesh without shapes."""
    keys = mesh.shape_keys
    if keys and keys.reference_key and len(keys.reference_key.points) == len(mesh.vertices):
        return positions(keys.reference_key)
    values = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", values)
    return values.reshape(-1, 3)


def face_shapes(obj: bpy.types.Object, known: Mapping[str, shape_words.FaceName] | None = None) -> FaceShapes:
    """Return the face shapes of an object; none if it is no mesh or has no shape keys.

    Args:
        obj: The object.
        known: Its face shapes with their part and side; None reads their names.
    """
    keys = obj.data.shape_keys if obj.type == "MESH" else None
    if keys is None or not len(obj.data.vertices):
        return FaceShapes()
    blocks = [block for block in keys.key_blocks if block != keys.reference_key]
    if known is None:
        known = shape_words.face_shape_names([block.name for block in blocks])
    rest = rest_vertices(obj.data)
    squares = np.zeros(len(rest), np.float32)
    smallest = MOVES * float(np.linalg.norm(np.ptp(rest, axis=0)))
    base = {keys.reference_key.name: rest}
    shapes, still = [], []
    for block in blocks:
        if block.name not in known:
            continue
        shape, far = _shape(block, known[block.name], base, smallest)
        if shape is None:
            still.append(block.name)
        else:
            shapes.append(shape)
            np.maximum(squares, far, out=squares)
    return FaceShapes(tuple(shapes), tuple(still), np.sqrt(squares), rest)


def _shape(
    block: bpy.types.ShapeKey,
    name: shape_words.FaceName,
    base: dict[str, npt.NDArray[np.float32]],
    smallest: float,
) -> tuple[Shape | None, npt.NDArray[np.float32]]:
    """Return the shape of a key, None if it moves nothing, and the square of how far it moves each vertex."""
    relative = block.relative_key
    if relative.name not in base:
        base[relative.name] = positions(relative)
    rest = base[relative.name]
    offsets = positions(block) - rest
    squares = offsets[:, 0] ** 2 + offsets[:, 1] ** 2 + offsets[:, 2] ** 2
    largest = float(squares.max(initial=0.0))
    if not np.isfinite(largest) or largest <= smallest**2:
        return None, squares
    moved = np.flatnonzero(squares > smallest**2)  # few: most shapes are local
    weights = squares[moved, None] / squares[moved].sum()
    centre, motion = ((weights * values[moved]).sum(axis=0) for values in (rest, offsets))
    return Shape(block.name, name.region, name.side, _double(centre), _double(motion)), squares


def _double(values: npt.NDArray) -> FloatArray:
    return np.asarray(values, np.float64)
