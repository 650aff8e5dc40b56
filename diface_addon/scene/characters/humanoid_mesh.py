"""The meshes of a humanoid character, as one surface in the world's axes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import bpy
import numpy as np

from ...core import errors
from . import flame_mesh

MAX_VERTICES = 500_000
"""Vertices of all meshes together. Further meshes of the character, largest first, are left out."""


@dataclass(frozen=True)
class HumanoidMesh:
    """Meshes of a character at rest.

    Attributes:
        objects: The objects, the one with the face first.
        counts: Their numbers of vertices.
        vertices: (V, 3) float32 of all objects in turn, in the world's axes.
        faces: (F, 3) int32 triangles.
        left_out: Names of meshes of the character that shapes cannot be added to.
    """

    objects: tuple[bpy.types.Object, ...]
    counts: tuple[int, ...]
    vertices: np.ndarray
    faces: np.ndarray
    left_out: tuple[str, ...]


def check(obj: bpy.types.Object) -> None:
    """Raise SceneError if no shape keys can be added to `obj`, a mesh object. Fast enough for a button's poll."""
    mesh, keys = obj.data, obj.data.shape_keys
    if mesh.library is not None or mesh.override_library is not None or not mesh.is_editable:
        hint = "Add them in the file that it comes from, or append the character instead of linking it."
        raise errors.SceneError(f"The mesh of {obj.name} is linked from another file.", hint)
    if keys and not keys.use_relative:
        hint = "Turn Relative on in Properties > Data > Shape Keys."
        raise errors.SceneError(f"The shape keys of {obj.name} are absolute.", hint)
    if obj.mode == "EDIT":
        raise errors.SceneError(f"{obj.name} is in Edit Mode, where no shape keys can be added.", "Leave it with Tab.")
    if len(mesh.vertices) > MAX_VERTICES:
        hint = "Add them to a mesh of lower resolution, and subdivide it with a modifier."
        raise errors.SceneError(
            f"{obj.name} has {len(mesh.vertices):,} vertices. Shape keys can be added to at most {MAX_VERTICES:,}.",
            hint,
        )


def read(main: bpy.types.Object, parts: Iterable[bpy.types.Object]) -> HumanoidMesh:
    """Return the meshes of a character that take shape keys.

    Args:
        main: The mesh of the face.
        parts: The other objects of the character: teeth, eyes, lashes, hair. Those that are no meshes are skipped.
    """
    check(main)
    chosen, left_out, total = [main], [], len(main.data.vertices)
    meshes = [obj for obj in parts if obj.type == "MESH" and obj != main and len(obj.data.vertices)]
    for obj in sorted(meshes, key=lambda part: len(part.data.vertices)):
        total += len(obj.data.vertices)
        if obj.data.users > 1 or total > MAX_VERTICES or not _takes_keys(obj):
            left_out.append(obj.name)
            total -= len(obj.data.vertices)
        else:
            chosen.append(obj)
    vertices = [_world(obj) for obj in chosen]
    counts = tuple(len(part) for part in vertices)
    starts = np.cumsum((0, *counts))
    faces = [flame_mesh.triangles(obj) + start for obj, start in zip(chosen, starts, strict=False)]
    joined = np.concatenate(faces).astype(np.int32)
    return HumanoidMesh(tuple(chosen), counts, np.concatenate(vertices), joined, tuple(left_out))


def to_local(obj: bpy.types.Object, offsets: np.ndarray) -> np.ndarray:
    """Return offsets (..., 3) of the world's axes in the coordinates of the object's mesh."""
    return (offsets @ np.linalg.inv(np.array(obj.matrix_world.to_3x3(), np.float64)).T).astype(np.float32)


def _world(obj: bpy.types.Object) -> np.ndarray:
    matrix = np.array(obj.matrix_world, np.float64)
    if abs(np.linalg.det(matrix[:3, :3])) < 1e-18:
        raise errors.SceneError(f"{obj.name} has no size.", "Give it a scale other than 0.")
    return (flame_mesh.rest_vertices(obj) @ matrix[:3, :3].T + matrix[:3, 3]).astype(np.float32)


def _takes_keys(obj: bpy.types.Object) -> bool:
    try:
        check(obj)
    except errors.SceneError:
        return False
    return True
