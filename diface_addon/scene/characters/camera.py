"""A camera for a scene that has none."""

from __future__ import annotations

import math

import bpy
from mathutils import Vector

LENS, SENSOR = 85.0, 24.0  # mm, a portrait lens
MARGIN = 1.1


def add_framing_camera(scene: bpy.types.Scene, obj: bpy.types.Object) -> bpy.types.Object:
    """A new camera in `scene`, in front of `obj` (which faces -Y, as Blender's characters do)."""
    corners = [obj.matrix_world @ Vector(corner) for corner in obj.bound_box]
    low, high = (Vector(map(pick, zip(*corners, strict=True))) for pick in (min, max))
    size, centre = high - low, (low + high) / 2
    aspect = scene.render.resolution_x / scene.render.resolution_y
    seen = MARGIN * max(size.z, size.x / aspect)

    data = bpy.data.cameras.new("DiFACE Playblast")
    data.lens, data.sensor_height, data.sensor_fit = LENS, SENSOR, "VERTICAL"
    distance = seen * LENS / SENSOR
    data.clip_start, data.clip_end = distance / 100, distance * 10
    camera = bpy.data.objects.new(data.name, data)
    scene.collection.objects.link(camera)
    camera.location = (centre.x, low.y - distance, centre.z)
    camera.rotation_euler = (math.pi / 2, 0.0, 0.0)
    return camera
