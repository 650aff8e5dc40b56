"""A body below the bundled head: a torso and two legs, so that the origin is between the feet."""

from __future__ import annotations

import bmesh
import bpy
import numpy as np
from mathutils import Matrix

from .bundled_parts import add_mesh, vertices_of

_BLOCKS = (  # (least corner, greatest corner) in metres
    ((-0.17, -0.10, 0.85), (0.17, 0.10, 1.21)),
    ((0.03, -0.08, 0.0), (0.15, 0.08, 0.85)),
    ((-0.15, -0.08, 0.0), (-0.03, 0.08, 0.85)),
)


def add_body(data: Matrix) -> bpy.types.Object:
    """Add the shirt with a torso and legs as one mesh, without a parent."""
    obj = add_mesh("Body", vertices_of("shirt"), {}, data)
    edited = bmesh.new()
    edited.from_mesh(obj.data)
    for least, greatest in _BLOCKS:
        middle, size = (np.array(least) + greatest) / 2, np.subtract(greatest, least)
        block = data @ Matrix.Translation(middle.tolist()) @ Matrix.Diagonal((*size.tolist(), 1.0))
        bmesh.ops.create_cube(edited, size=1.0, matrix=block)
    edited.to_mesh(obj.data)
    edited.free()
    return obj


def body_weights(heights: np.ndarray, hips: str, spine: str) -> dict[str, np.ndarray]:
    """Return the weights of the body's vertices at these heights (V,) in metres."""
    upper = np.clip((heights - 0.9) / 0.2, 0.0, 1.0)
    return {hips: 1.0 - upper, spine: upper}
