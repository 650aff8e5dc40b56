"""A face's motion on shapes of its own, on a FLAME mesh: as shape keys, or as a vertex cache."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from ...core import placement, types
from ..characters import flame_mesh, shape_key_names, shape_keys
from ..keys.write_keys import SampledCurve
from . import vertex_cache

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
    """What `obj` needs to move by `weights` (T, K) of `shapes`, for the take with the id `take` called `name`.

    Returns what the take has to remember, the curves of the shape keys (none for a cache), and notes for the artist.
    Raises SceneError, with `obj` as it was.
    """
    deltas = placed.deltas_to_local(shapes.deltas)
    if as_cache:
        moving = vertex_cache.VertexMotion(neutral_vertices(obj), weights, deltas)
        path = vertex_cache.write(moving, name, take)
        return {"cache": path, "error": shapes.error}, [], [f"Its vertices are in {path}."]

    wanted = tuple(f"{SHAPE_KEY_PREFIX} {take[:4]} {number:02d}" for number in range(1, len(deltas) + 1))
    names = shape_keys.add_shape_keys(obj, wanted, deltas, (-shape_keys.SLIDER_LIMIT, shape_keys.SLIDER_LIMIT))
    blocks = obj.data.shape_keys.key_blocks
    curves = [
        SampledCurve(blocks[key].path_from_id("value"), 0, np.ascontiguousarray(values))
        for key, values in zip(names, weights.T, strict=True)
    ]
    note = f"{len(names)} shape keys hold the face to {shapes.error * 1000:.4f} mm."
    return {"shape_keys": list(names), "error": shapes.error}, curves, [note]


def neutral_vertices(obj: bpy.types.Object) -> np.ndarray:
    """The vertices (V, 3) at rest as the artist's own shape keys make them, say another nose: those that no take moves.

    A cache takes the place of all shape keys.
    """
    found = flame_mesh.rest_vertices(obj)
    keys = obj.data.shape_keys
    speaking = set(shape_key_names.face_shape_keys(obj).values())
    for key in keys.key_blocks if keys else ():
        is_own = key.name not in speaking and not key.name.startswith(SHAPE_KEY_PREFIX)
        if is_own and key.value and not key.mute and key != keys.reference_key:
            found += key.value * shape_keys.shape_key_delta(obj, key)
    return found
