"""Shape keys from displacements: those that a motion was made for, and ARKit's for a FLAME mesh."""

from __future__ import annotations

import bpy
import numpy as np

from . import flame_mesh

BASIS = "Basis"
WIDEST = 10.0
"""As far as Blender lets a shape key's slider go, either way."""


def add(
    obj: bpy.types.Object, names: tuple[str, ...], deltas: np.ndarray, range_: tuple[float, float]
) -> tuple[str, ...]:
    """New shape keys that move the vertices at rest by `deltas` (K, V, 3), in the mesh's coordinates, at weight 1.

    Returns their names, which differ from `names` where those were taken.
    """
    if obj.data.shape_keys is None:
        obj.shape_key_add(name=BASIS, from_mix=False)
    rest = flame_mesh.rest(obj)
    made = []
    for name, delta in zip(names, deltas, strict=True):
        key = obj.shape_key_add(name=name, from_mix=False)
        key.data.foreach_set("co", (rest + delta).ravel())
        key.relative_key = obj.data.shape_keys.reference_key
        key.slider_min, key.slider_max = range_
        key.value = 0.0  # from 5.0 on a new key starts at 1
        made.append(key.name)
    return tuple(made)


def remove(obj: bpy.types.Object, names: list[str]) -> None:
    """Take shape keys away, as far as they are there."""
    for name in names:
        key = obj.data.shape_keys.key_blocks.get(name) if obj.data.shape_keys else None
        if key is not None:
            obj.shape_key_remove(key)
