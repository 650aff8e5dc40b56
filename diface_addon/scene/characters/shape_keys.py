"""Shape keys from displacements: those that a motion was made for, and ARKit's for a FLAME mesh."""

from __future__ import annotations

import bpy
import numpy as np

from . import flame_mesh

BASIS = "Basis"
SLIDER_LIMIT = 10.0
"""As far as Blender lets a shape key's slider go, either way."""


def add_shape_keys(
    obj: bpy.types.Object, names: tuple[str, ...], deltas: np.ndarray, range_: tuple[float, float]
) -> tuple[str, ...]:
    """New shape keys that move the vertices at rest by `deltas` (K, V, 3), in the mesh's coordinates, at weight 1.

    Returns their names, which differ from `names` where those were taken.
    """
    if obj.data.shape_keys is None:
        obj.shape_key_add(name=BASIS, from_mix=False)
    rest = flame_mesh.rest_vertices(obj)
    made = []
    for name, delta in zip(names, deltas, strict=True):
        key = obj.shape_key_add(name=name, from_mix=False)
        key.data.foreach_set("co", (rest + delta).ravel())
        key.relative_key = obj.data.shape_keys.reference_key
        key.slider_min, key.slider_max = range_
        key.value = 0.0  # from 5.0 on a new key starts at 1
        made.append(key.name)
    return tuple(made)


def positions(key: bpy.types.ShapeKey) -> np.ndarray:
    """Where a shape key has the vertices (V, 3) float32."""
    found = np.empty(3 * len(key.data), np.float32)
    key.data.foreach_get("co", found)
    return found.reshape(-1, 3)


def shape_key_delta(obj: bpy.types.Object, key: bpy.types.ShapeKey, relative: np.ndarray | None = None) -> np.ndarray:
    """How far a shape key moves the vertices (V, 3) float32 at weight 1, where it is held by a vertex group as well.

    relative: the `places` of its relative key, where they are known.
    """
    found = positions(key) - (positions(key.relative_key) if relative is None else relative)
    group = obj.vertex_groups.get(key.vertex_group) if key.vertex_group else None
    if group is not None:
        weights = np.zeros(len(found), np.float32)
        for vertex in obj.data.vertices:
            weights[vertex.index] = next((held.weight for held in vertex.groups if held.group == group.index), 0.0)
        found *= weights[:, None]
    return found


def remove_shape_keys(obj: bpy.types.Object, names: list[str]) -> None:
    """Take shape keys away, as far as they are there."""
    for name in names:
        key = obj.data.shape_keys.key_blocks.get(name) if obj.data.shape_keys else None
        if key is not None:
            obj.shape_key_remove(key)
