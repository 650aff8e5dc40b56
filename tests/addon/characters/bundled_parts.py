"""The parts of the bundled head as meshes, each with the shape keys that move it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Matrix

from diface_addon.core import channels, head_file

FloatArray = npt.NDArray[np.float64]
Shapes = Mapping[str, FloatArray]
"""Name of a shape key -> offsets (V, 3) of all vertices of the bundled head."""

NECK_HEIGHT = 1.47
"""Height of the bundled head's origin, the top of the spine, above the ground: the character is 1.63 m tall."""
PARTS = {
    "Head": ("skin",), "Brows": ("brows",), "Teeth": ("upper_teeth", "lower_teeth", "tongue"),
    "EyeLeft": ("eyeball_left",), "EyeRight": ("eyeball_right",), "Hair": ("hair",), "Body": ("shirt",),
}  # fmt: skip
"""Name of a mesh -> its parts of the bundled head."""
LEAST = 2e-5
"""Largest offset in metres of a shape key that a part does without."""


@lru_cache(maxsize=1)
def bundled_head() -> head_file.Head:
    """Return the bundled head."""
    return head_file.load_head()


def arkit_shapes() -> dict[str, FloatArray]:
    """Return the offsets of the 52 ARKit shapes."""
    return {name: bundled_head().deltas[k].astype(float) for k, name in enumerate(channels.FACE)}


def vertices_of(*names: str) -> npt.NDArray[np.int64]:
    """Return the vertices of the bundled head in the landmarks `names`."""
    return np.unique(np.concatenate([bundled_head().landmarks[name] for name in names])).astype(np.int64)


def lips_of_skin() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the vertices of a mesh of the skin that meet in the middle of the mouth: upper and lower lip."""
    return in_skin("upper_inner_lip")[5:8], in_skin("lower_inner_lip")[5:8]


def in_skin(landmark: str) -> npt.NDArray[np.int64]:
    """Return the vertices of a mesh of the skin that a landmark of the bundled head has."""
    return np.searchsorted(vertices_of(*PARTS["Head"]), bundled_head().landmarks[landmark])


def standing() -> FloatArray:
    """Return the vertices of the bundled head as part of a character that stands on the ground."""
    return bundled_head().vertices + np.array([0.0, 0.0, NECK_HEIGHT])


def add_mesh(
    name: str, chosen: npt.NDArray[np.int64], shapes: Shapes, data: Matrix, empty: tuple[str, ...] = ()
) -> bpy.types.Object:
    """Add a mesh of the vertices `chosen` of the bundled head, without a parent.

    Args:
        name: Name of the object and the mesh.
        chosen: Its vertices, ascending.
        shapes: Those that move a chosen vertex become shape keys.
        data: Applied to the vertices and the shape keys.
        empty: Shape keys that it has although they move nothing.
    """
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(placed(standing()[chosen], data).tolist(), [], _polygons(chosen))
    mesh.shade_smooth()
    mesh.update()
    obj = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(obj)
    moving = {key: offsets for key, offsets in shapes.items() if key in empty or np.abs(offsets[chosen]).max() > LEAST}
    add_shape_keys(obj, {key: standing()[chosen] + offsets[chosen] for key, offsets in moving.items()}, data)
    return obj


def add_shape_keys(obj: bpy.types.Object, positions: Mapping[str, FloatArray], data: Matrix) -> None:
    """Add shape keys with these positions (V, 3) in the character's space."""
    if positions and not obj.data.shape_keys:
        obj.shape_key_add(name="Basis", from_mix=False)
    for name, points in positions.items():
        key = obj.shape_key_add(name=name, from_mix=False)
        key.data.foreach_set("co", placed(points, data).astype(np.float32).ravel())
        key.value = 0.0


def placed(points: FloatArray, data: Matrix) -> FloatArray:
    """Return points (N, 3) moved by a matrix."""
    matrix = np.array(data)
    return points @ matrix[:3, :3].T + matrix[:3, 3]


def _polygons(chosen: npt.NDArray[np.int64]) -> list[list[int]]:
    head = bundled_head()
    number = np.full(len(head.vertices), -1)
    number[chosen] = np.arange(len(chosen))
    corners = np.split(number[head.loop_vertices], head.polygon_starts[1:])
    return [polygon.tolist() for polygon in corners if (polygon >= 0).all()]
