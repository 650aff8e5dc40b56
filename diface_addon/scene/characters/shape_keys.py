"""Add, read and remove shape keys."""

from __future__ import annotations

import bpy
import numpy as np

from ...rig.shape_displacement import positions
from . import flame_mesh

BASIS = "Basis"
SLIDER_LIMIT = 10.0
"""Maximum absolute value of a shape key's slider in Blender."""


def add_shape_keys(
    obj: bpy.types.Object, names: tuple[str, ...], deltas: np.ndarray, range_: tuple[float, float]
) -> tuple[str, ...]:
    """Add shape keys that move the vertices at rest.

    Args:
        obj: A mesh object.
        names: The names of the keys.
        deltas: Displacements (K, V, 3) at weight 1, in the mesh's coordinates.
        range_: Minimum and maximum of the sliders.

    Returns:
        The names of the keys, with a number if a name was taken.
    """
    if obj.data.shape_keys is None:
        obj.shape_key_add(name=BASIS, from_mix=False)
    rest = flame_mesh.rest_vertices(obj)
    added = []
    for name, delta in zip(names, deltas, strict=True):
        key = obj.shape_key_add(name=name, from_mix=False)
        key.points.foreach_set("co", (rest + delta).ravel())
        key.relative_key = obj.data.shape_keys.reference_key
        key.slider_min, key.slider_max = range_
        key.value = 0.0  # from 5.0 on a new key has the value 1
        added.append(key.name)
    return tuple(added)


def shape_key_delta(obj: bpy.types.Object, key: bpy.types.ShapeKey, relative: np.ndarray | None = None) -> np.ndarray:
    """Return the displacements (V, 3) float32 of a shape key at weight 1, including its vertex group.

    Args:
        obj: The object of the key.
        key: The shape key.
        relative: The `positions` of its relative key, if they are known.
    """
    deltas = positions(key) - (positions(key.relative_key) if relative is None else relative)
    group = obj.vertex_groups.get(key.vertex_group) if key.vertex_group else None
    if group is not None:
        weights = np.zeros(len(deltas), np.float32)
        for vertex in obj.data.vertices:
            weights[vertex.index] = next(
                (member.weight for member in vertex.groups if member.group == group.index), 0.0
            )
        deltas *= weights[:, None]
    return deltas


def remove_shape_keys(obj: bpy.types.Object, names: list[str]) -> None:
    """Remove shape keys; names that do not exist are skipped."""
    for name in names:
        key = obj.data.shape_keys.key_blocks.get(name) if obj.data.shape_keys else None
        if key is not None:
            obj.shape_key_remove(key)
