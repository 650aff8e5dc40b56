"""Where bones and vertices are at rest, in world coordinates."""

from __future__ import annotations

import bpy
import numpy as np
import numpy.typing as npt

from .discovery.shapes import rest_vertices


def joint(armature: bpy.types.Object, bone: str) -> npt.NDArray[np.float64]:
    """Return the head (3,) of a bone at rest, in world coordinates."""
    return np.array(armature.matrix_world @ armature.data.bones[bone].head_local, np.float64)


def world_vertices(obj: bpy.types.Object) -> npt.NDArray[np.float64]:
    """Return the vertices (V, 3) of a mesh object without shapes, in world coordinates."""
    world = np.array(obj.matrix_world)
    return rest_vertices(obj.data) @ world[:3, :3].T + world[:3, 3]
