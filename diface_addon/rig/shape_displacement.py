"""How far shape keys move a mesh: a shape that moves nothing is a placeholder, whatever its name."""

from __future__ import annotations

import bpy
import numpy as np
import numpy.typing as npt

SMALLEST = 1e-5
"""Displacement, relative to the size of the mesh, up to which a shape key moves nothing."""


def find_empty(obj: bpy.types.Object) -> list[str]:
    """Return the names of the shape keys of a mesh that move nothing, without the reference key."""
    keys = obj.data.shape_keys
    if keys is None:
        return []
    rest = positions(keys.reference_key)
    limit = SMALLEST * float(np.ptp(rest, axis=0).max()) if len(rest) else 0.0
    bases = {keys.reference_key.name: rest}
    empty = []
    for key in keys.key_blocks:
        base = key.relative_key
        if base.name not in bases:
            bases[base.name] = positions(base)
        is_moved = np.abs(positions(key) - bases[base.name]).max(initial=0.0) > limit
        if key != keys.reference_key and not is_moved:
            empty.append(key.name)
    return empty


def positions(key: bpy.types.ShapeKey) -> npt.NDArray[np.float32]:
    """Return the vertices (V, 3) of a shape key. Its `points` are a hundred times as fast to read as its `data`."""
    coordinates = np.empty(3 * len(key.points), np.float32)
    key.points.foreach_get("co", coordinates)
    return coordinates.reshape(-1, 3)
