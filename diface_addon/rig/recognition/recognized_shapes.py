"""Face shapes of meshes whose names say nothing, as `target_0` or `Key 12`, recognized by what they move."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import bpy
import numpy as np
import numpy.typing as npt

from ...core import channels, shape_recognition
from ..shape_displacement import positions

MOST_SHAPES, MOST_VALUES = 400, 60_000_000
"""Shape keys, and coordinates of all together, up to which a mesh is looked at: 240 MB for a moment."""

Recipe = Mapping[str, float]
"""Channel -> value of the channel that a shape at 1 amounts to."""


def recognized_shapes(obj: bpy.types.Object) -> dict[str, Recipe]:
    """Return the shapes of a mesh that are those of a face: name -> recipe; empty if it has none that open a mouth."""
    keys = obj.data.shape_keys if obj.type == "MESH" else None
    if keys is None or not keys.use_relative or len(keys.key_blocks) < 1 + shape_recognition.FEWEST:
        return {}
    if len(keys.key_blocks) > MOST_SHAPES or 3 * len(keys.key_blocks) * len(obj.data.vertices) > MOST_VALUES:
        return {}
    axes = np.array(obj.matrix_world.to_3x3())
    lengths = np.linalg.norm(axes, axis=0)
    if not lengths.all():
        return {}
    return _recognized(_Shapes(obj, axes / lengths.mean()))


class _Shapes:
    """The shapes of a mesh in world axes, equal to others if nothing of them has changed."""

    def __init__(self, obj: bpy.types.Object, axes: npt.NDArray[np.float64]) -> None:
        blocks = obj.data.shape_keys.key_blocks
        self._obj, self._axes = obj, np.round(axes, 4)
        self.names = tuple(key.name for key in blocks)
        sums = tuple(float(positions(blocks[row]).sum()) for row in {0, len(blocks) // 2, len(blocks) - 1})
        self._identity = obj.data.session_uid, self.names, len(obj.data.vertices), sums, self._axes.tobytes()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Shapes) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    def read(self) -> tuple[list[str], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Return the names (K), the vertices (V, 3) and the offsets (K, V, 3)."""
        keys = self._obj.data.shape_keys
        shapes = [key for key in keys.key_blocks if key != keys.reference_key]
        turned = self._axes.T.astype(np.float32)
        deltas = np.stack([(positions(key) - positions(key.relative_key)) @ turned for key in shapes])
        return [key.name for key in shapes], positions(keys.reference_key) @ turned, deltas


@lru_cache(maxsize=32)
def _recognized(shapes: _Shapes) -> dict[str, Recipe]:
    return dict(shape_recognition.recognize(*shapes.read()))


def channel_of(recipe: Recipe) -> str:
    """Return the channel that a recipe has most of."""
    return max(recipe, key=lambda name: (recipe[name], -channels.FACE.index(name)))
