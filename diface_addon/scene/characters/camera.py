"""Portrait cameras."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import bpy
from mathutils import Matrix, Vector

from ...rig.discovery import discover

if TYPE_CHECKING:
    from ...rig.character import Character

LENS, SENSOR_HEIGHT = 85.0, 24.0  # mm, a portrait lens on full frame
NAME = "DiFACE Playblast"
VIEWPORT_SENSOR_WIDTH = 72.0  # mm, for which the lens of a 3D viewport is stated
MIN_CLIP = 1e-6
"""The nearest that a camera of Blender may begin to show."""
MARGIN = 1.1
"""Height of the picture, in heights of the object that is framed, if it has no face."""
HEAD_MARGIN, HEAD_CENTER, HEAD_SIZE = 1.5, 0.9, 3.5
"""Height of the picture of a face, in heights of the head: from the collar to above the hair. Its center above the
mouth, and the height of a head that is not known, in distances from the mouth to the eyes."""


def add_camera(
    collection: bpy.types.Collection, name: str, center: Vector, front: float, frame_height: float
) -> bpy.types.Object:
    """Add a camera that looks along +Y, at characters that face -Y.

    Args:
        collection: The collection that it is added to.
        name: The name of the camera.
        center: The center of the picture.
        front: Y of the plane in which the picture is `frame_height` high.
        frame_height: Height of the picture, in units of length.
    """
    camera, distance = _portrait_camera(collection, name, frame_height)
    camera.location = (center.x, front - distance, center.z)
    camera.rotation_euler = (math.pi / 2, 0.0, 0.0)
    return camera


def _portrait_camera(
    collection: bpy.types.Collection, name: str, frame_height: float
) -> tuple[bpy.types.Object, float]:
    """Return a new camera, and the distance at which its picture is `frame_height` high."""
    data = bpy.data.cameras.new(name)
    data.lens, data.sensor_height, data.sensor_fit = LENS, SENSOR_HEIGHT, "VERTICAL"
    distance = frame_height * LENS / SENSOR_HEIGHT
    data.clip_start, data.clip_end = distance / 100, max(data.clip_end, distance * 10)
    camera = bpy.data.objects.new(data.name, data)
    collection.objects.link(camera)
    return camera, distance


def add_framing_camera(scene: bpy.types.Scene, obj: bpy.types.Object) -> bpy.types.Object:
    """Add a camera to `scene` that frames the head of the character of `obj`, or `obj` if that has no face."""
    found = discover.discover(obj)
    aspect = scene.render.resolution_x / scene.render.resolution_y
    if found and found.mouth is not None and found.mouth_to_eyes > 0:
        return _add_head_camera(scene, found, aspect)
    corners = [obj.matrix_world @ Vector(corner) for corner in obj.bound_box]
    low, high = (Vector(map(pick, zip(*corners, strict=True))) for pick in (min, max))
    size = high - low
    frame_height = MARGIN * max(size.z, size.x / aspect)
    return add_camera(scene.collection, NAME, (low + high) / 2, low.y, frame_height)


def _add_head_camera(scene: bpy.types.Scene, found: Character, aspect: float) -> bpy.types.Object:
    """Add a camera in front of a face, whichever way it looks, in a picture of `aspect` (width by height)."""
    left, back, up = (Vector(column) for column in found.facing.T)
    center = Vector(found.mouth) + HEAD_CENTER * found.mouth_to_eyes * up
    frame_height = HEAD_MARGIN * (found.head_size or HEAD_SIZE * found.mouth_to_eyes) / min(aspect, 1.0)
    camera, distance = _portrait_camera(scene.collection, NAME, frame_height)
    turned = Matrix((left, up, -back)).transposed().to_4x4()
    camera.matrix_world = Matrix.Translation(center) @ turned @ Matrix.Translation((0.0, 0.0, distance))
    return camera


def add_viewport_camera(
    scene: bpy.types.Scene, space: bpy.types.SpaceView3D, region: bpy.types.RegionView3D
) -> bpy.types.Object:
    """Add a camera to `scene` with the view of a 3D viewport that is not in camera view."""
    data = bpy.data.cameras.new(NAME)
    data.lens, data.sensor_width = space.lens, VIEWPORT_SENSOR_WIDTH
    data.clip_start, data.clip_end = space.clip_start, space.clip_end
    distance = 0.0
    if region.view_perspective == "ORTHO":
        data.type = "ORTHO"
        data.ortho_scale = region.view_distance * VIEWPORT_SENSOR_WIDTH / space.lens
        # An orthographic viewport also shows what is behind its origin: half of its depth is in front of it.
        distance, data.clip_start = space.clip_end / 2, MIN_CLIP
    camera = bpy.data.objects.new(data.name, data)
    scene.collection.objects.link(camera)
    camera.matrix_world = region.view_matrix.inverted() @ Matrix.Translation((0.0, 0.0, distance))
    return camera
