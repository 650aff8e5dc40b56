"""Surfaces of evaluated meshes: what is seen of a character at a frame."""

from __future__ import annotations

import bpy
import numpy as np

from .bundled_parts import FloatArray, placed


def surface(obj: bpy.types.Object) -> FloatArray:
    """Return the vertices (V, 3) in the world at the scene's frame, with all modifiers and shape keys."""
    evaluated = obj.evaluated_get(bpy.context.evaluated_depsgraph_get())
    mesh = evaluated.to_mesh()
    points = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", points)
    evaluated.to_mesh_clear()
    return placed(points.reshape(-1, 3).astype(float), evaluated.matrix_world)
