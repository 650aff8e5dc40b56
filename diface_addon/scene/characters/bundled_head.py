"""Add the bundled head as a Blender object: mesh, shape keys, colours and materials."""

from __future__ import annotations

from collections.abc import Sequence

import bpy
import numpy as np

from ...core import channels, head_file
from . import neck, shape_keys
from .head_materials import head_material
from .neck_weights import neck_weights
from .selection import select_only

NAME = "DiFACE Head"
MARK = "diface_head"
"""Custom property of the object, by which the bundled head is recognized: its version. 2 can breathe, 3 has a neck."""
VERSION = 3
COLOURS, UVS = "Color", "UVMap"
EXTENDED_PREFIXES = ("jaw", "mouth", "brow", "nose", "cheek")
EXTENDED_SLIDER_MAX = 1.5


def add_head(context: bpy.types.Context, location: Sequence[float] = (0.0, 0.0, 0.0)) -> bpy.types.Object:
    """Add the head, and make it the active and only selected object.

    The object rotates as the head does. Its shoulders stay with the Empty that is its parent.

    Args:
        context: Names the collection and the view layer.
        location: Where it is added, in metres.

    Raises:
        ModelError: The file of the head is missing or damaged. The scene is unchanged.
    """
    head = head_file.load_head()
    obj = bpy.data.objects.new(NAME, _mesh(head))
    obj.location = location
    obj[MARK] = VERSION
    context.collection.objects.link(obj)
    _add_shape_keys(obj, head)
    neck.add_neck(obj, neck_weights(head), context.collection)
    select_only(context, obj)
    return obj


def _mesh(head: head_file.Head) -> bpy.types.Mesh:
    mesh = bpy.data.meshes.new(NAME)
    mesh.vertices.add(len(head.vertices))
    mesh.vertices.foreach_set("co", head.vertices.ravel())
    mesh.loops.add(len(head.loop_vertices))
    mesh.loops.foreach_set("vertex_index", head.loop_vertices)
    mesh.polygons.add(len(head.polygon_starts))
    mesh.polygons.foreach_set("loop_start", head.polygon_starts)
    mesh.polygons.foreach_set("material_index", head.polygon_materials)
    mesh.update(calc_edges=True)
    mesh.shade_smooth()
    mesh.uv_layers.new(name=UVS, do_init=False).data.foreach_set("uv", head.uvs.ravel())
    colours = mesh.color_attributes.new(COLOURS, "BYTE_COLOR", "POINT")
    colours.data.foreach_set("color_srgb", np.ascontiguousarray(head.colours).ravel())
    mesh.color_attributes.active_color = colours
    for name in head.materials:
        mesh.materials.append(head_material(name, COLOURS))
    return mesh


def _add_shape_keys(obj: bpy.types.Object, head: head_file.Head) -> None:
    obj.shape_key_add(name=shape_keys.BASIS, from_mix=False)
    for name, delta in [*zip(channels.FACE, head.deltas, strict=True), *head.extra.items()]:
        key = obj.shape_key_add(name=name, from_mix=False)
        key.points.foreach_set("co", (head.vertices + delta).ravel())
        key.value = 0.0  # from 5.0 on a new key has the value 1
        # A face strength above 1 must not be clipped by the slider. Lids and gaze above 1 would deform badly.
        key.slider_max = EXTENDED_SLIDER_MAX if name.startswith(EXTENDED_PREFIXES) else 1.0
