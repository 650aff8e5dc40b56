"""The motion of a face in shapes of the models, on a FLAME mesh: as shape keys, or as a vertex cache."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from ...core import placement, types
from ..characters import flame_mesh, shape_key_names, shape_keys
from ..keys.write_keys import SampledCurve
from . import pc2_file, vertex_cache

SHAPE_KEY_PREFIX = "3DiFACE"


def write_motion(
    obj: bpy.types.Object,
    weights: np.ndarray,
    shapes: types.Shapes,
    placed: placement.Placement,
    as_cache: bool,
    take: str,
    name: str,
) -> tuple[dict[str, Any], list[SampledCurve], list[str]]:
    """Give `obj` the shape keys or the vertex cache of a motion.

    Args:
        obj: A FLAME mesh.
        weights: Weights (T, K) of the shapes.
        shapes: The shapes (K) in FLAME's coordinates.
        placed: The placement of the mesh.
        as_cache: Whether the motion becomes a vertex cache.
        take: The id of the take.
        name: The name of the take.

    Returns:
        What the take stores, the curves of the shape keys (empty for a cache), and notes for the user.

    Raises:
        SceneError: The cache cannot be written. `obj` is unchanged.
    """
    deltas = placed.deltas_to_local(shapes.deltas)
    if as_cache:
        motion = pc2_file.VertexMotion(neutral_vertices(obj), weights, deltas)
        path = vertex_cache.write(motion, name, take)
        return {"cache": path, "error": shapes.error}, [], [f"Its vertices are in {path}."]

    key_names = tuple(f"{SHAPE_KEY_PREFIX} {take[:4]} {number:02d}" for number in range(1, len(deltas) + 1))
    names = shape_keys.add_shape_keys(obj, key_names, deltas, (-shape_keys.SLIDER_LIMIT, shape_keys.SLIDER_LIMIT))
    blocks = obj.data.shape_keys.key_blocks
    curves = [
        SampledCurve(blocks[key].path_from_id("value"), 0, np.ascontiguousarray(values))
        for key, values in zip(names, weights.T, strict=True)
    ]
    note = f"{len(names)} shape keys reproduce the face to within {shapes.error * 1000:.4f} mm."
    return {"shape_keys": list(names), "error": shapes.error}, curves, [note]


def neutral_vertices(obj: bpy.types.Object) -> np.ndarray:
    """Return the vertices (V, 3) at rest with the user's shape keys applied, such as another nose.

    A vertex cache replaces all shape keys, so that those which no take animates must be part of it.
    """
    vertices = flame_mesh.rest_vertices(obj)
    keys = obj.data.shape_keys
    animated_names = set(shape_key_names.face_shape_keys(obj).values())
    for key in keys.key_blocks if keys else ():
        is_users = key.name not in animated_names and not key.name.startswith(SHAPE_KEY_PREFIX)
        if is_users and key.value and not key.mute and key != keys.reference_key:
            vertices += key.value * shape_keys.shape_key_delta(obj, key)
    return vertices
