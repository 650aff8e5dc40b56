"""Landmarks of a face that the user places: Empties at eyes, corners of the mouth and chin."""

from __future__ import annotations

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Vector

from ...core import channels, errors
from . import flame_mesh

NAME, OF = "diface_landmark", "diface_landmark_of"
"""Custom properties of an Empty: which landmark it is, and the mesh object that it is for."""
PLACES = ((0.030, 0.035), (-0.030, 0.035), (0.023, -0.027), (-0.023, -0.027), (0.0, -0.061))
"""X and Z in m of `channels.LANDMARKS` on the bundled head."""
CROWN, HEIGHT = 0.145, 0.22
"""Of the bundled head, in m: height of the crown above its origin, and of the head from crown to chin."""
DEPTH = 1.1
"""Largest height of a head, relative to the depth of the mesh: a body is as deep as its head is high."""
NEAR = 0.1
"""Vertices at most this far beside a landmark, in heights of the head, say how far in front it is."""
SIZE = 0.02
"""Radius of the Empties, in heights of the head."""
DELETED = "Delete the others too, or place them again with Place Landmarks."


def find(obj: bpy.types.Object) -> dict[str, bpy.types.Object]:
    """Return the landmarks of a mesh object by name; empty without any."""
    placed = [other for scene in obj.users_scene for other in scene.objects if other.get(OF) == obj]
    return {other[NAME]: other for other in placed if other.get(NAME) in channels.LANDMARKS}


def places(obj: bpy.types.Object) -> npt.NDArray[np.float32] | None:
    """Return the world coordinates (5, 3) of the landmarks of a mesh object; None if it has none.

    Raises:
        SceneError: Some of the landmarks were deleted.
    """
    found = find(obj)
    if not found:
        return None
    missing = [_label(name) for name in channels.LANDMARKS if name not in found]
    if missing:
        raise errors.SceneError(f"Landmarks of {obj.name} are missing: {', '.join(missing)}.", DELETED)
    return np.array([found[name].matrix_world.translation for name in channels.LANDMARKS], np.float32)


def add(obj: bpy.types.Object) -> list[bpy.types.Object]:
    """Add the landmarks that a mesh object does not have, where they are on a head that looks along -Y."""
    world = np.array(obj.matrix_world)
    vertices = flame_mesh.rest_vertices(obj) @ world[:3, :3].T + world[:3, 3]
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    size = float(min(high[2] - low[2], DEPTH * (high[1] - low[1])))
    head = vertices[vertices[:, 2] > high[2] - size]
    middle = (head[:, 0].min() + head[:, 0].max()) / 2
    present, added = find(obj), []
    for name, (x, z) in zip(channels.LANDMARKS, PLACES, strict=True):
        if name not in present:
            across = np.array([middle + x * size / HEIGHT, high[2] + (z - CROWN) * size / HEIGHT])
            near = np.abs(head[:, [0, 2]] - across).max(axis=1) < NEAR * size
            front = float((head[near] if near.any() else head)[:, 1].min())
            added.append(_add(obj, name, (float(across[0]), front, float(across[1])), SIZE * size))
    return added


def remove(obj: bpy.types.Object) -> None:
    """Remove the landmarks of a mesh object."""
    for landmark in find(obj).values():
        bpy.data.objects.remove(landmark)


def _add(obj: bpy.types.Object, name: str, place: tuple[float, float, float], size: float) -> bpy.types.Object:
    landmark = bpy.data.objects.new(_label(name), None)
    landmark[NAME], landmark[OF] = name, obj
    landmark.empty_display_type, landmark.empty_display_size = "SPHERE", size
    landmark.show_name = landmark.show_in_front = landmark.hide_render = True
    landmark.location = Vector(place)
    for collection in obj.users_collection:
        collection.objects.link(landmark)
    return landmark


def _label(name: str) -> str:
    return name.replace("_", " ").title()
