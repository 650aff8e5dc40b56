"""Surfaces of evaluated meshes: what is seen of a character at a frame."""

from __future__ import annotations

import bpy
import numpy as np

from .bundled_parts import FloatArray, placed


def surface(obj: bpy.types.Object) -> FloatArray:
    """Return the vertices (V, 3) in the world at the scene's frame, with all modifiers and shape keys."""
    evaluated = obj.evaluated_get(bpy.context.evaluated_depsgraph_get())
    mesh = evaluated.to_mesh()
    points = positions(mesh.vertices)
    evaluated.to_mesh_clear()
    return placed(points, evaluated.matrix_world)


def positions(points: bpy.types.bpy_prop_collection) -> FloatArray:
    """Return the coordinates (V, 3) of vertices or of a shape key's points."""
    found = np.empty(3 * len(points), np.float32)
    points.foreach_get("co", found)
    return found.reshape(-1, 3).astype(float)
