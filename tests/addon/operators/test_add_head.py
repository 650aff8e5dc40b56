"""Add DiFACE Head: where the head is placed, and the message about it."""

from __future__ import annotations

from itertools import pairwise

import bpy
import pytest
from mathutils import Vector

from diface_addon.settings import messages
from tests.addon.scene import scenes


def bounds(obj: bpy.types.Object) -> tuple[Vector, Vector]:
    corners = [obj.matrix_world @ Vector(corner) for corner in obj.bound_box]
    return Vector(map(min, zip(*corners, strict=True))), Vector(map(max, zip(*corners, strict=True)))


def added() -> bpy.types.Object:
    assert bpy.ops.diface.add_head() == {"FINISHED"}
    bpy.context.view_layer.update()
    return bpy.context.object


def test_head_is_added_at_the_3d_cursor(scene) -> None:
    scene.cursor.location = (1.0, 2.0, 3.0)
    assert added().location == Vector((1.0, 2.0, 3.0))
    assert messages.find(bpy.context, "characters").text == "Added DiFACE Head at the 3D cursor."


def test_head_is_added_beside_an_object_at_its_place(scene) -> None:
    bpy.ops.mesh.primitive_cube_add(size=2.0)
    head = added()
    assert bounds(head)[0].x > 1.0
    assert (head.location.y, head.location.z) == (0.0, 0.0)
    assert messages.find(bpy.context, "characters").text == "Added DiFACE Head next to Cube."


def test_heads_are_added_side_by_side(scene) -> None:
    heads = [added() for _ in range(3)]
    for left, right in pairwise(heads):
        assert bounds(left)[1].x < bounds(right)[0].x


def test_hidden_objects_lights_and_cameras_are_ignored(scene) -> None:
    bpy.ops.mesh.primitive_cube_add(size=2.0)
    bpy.context.object.hide_set(True)
    bpy.ops.object.camera_add()
    bpy.ops.object.light_add()
    assert added().location == Vector((0.0, 0.0, 0.0))


@pytest.mark.parametrize("place", ["BESIDE", "THROUGH"])
def test_comparison_leaves_no_material_behind(scene, clicks, worker, place) -> None:
    obj = scenes.add_character(scene)
    scenes.use_audio_file(scene, clicks([0.5]))
    bpy.ops.diface.generate()
    before = len(bpy.data.materials)
    bpy.ops.diface.compare_take(place=place)
    bpy.ops.diface.compare_take(place=place)
    assert (len(bpy.data.materials), obj.name) == (before, "Character")
