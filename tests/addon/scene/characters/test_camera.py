"""The portrait camera frames the head of a character, whichever way it looks."""

from __future__ import annotations

import math

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Matrix, Vector

from diface_addon.rig.discovery.discover import discover
from diface_addon.scene.characters.camera import add_framing_camera

TURNS = {
    "upright": Matrix.Identity(4),
    "seen from the side": Matrix.Rotation(math.radians(90), 4, "Z"),
    "lying": Matrix.Rotation(math.radians(90), 4, "X"),
    "far away and large": Matrix.Translation((30, -20, 10)) @ Matrix.Scale(25, 4),
}


@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS)
@pytest.mark.parametrize("size", [(480, 480), (1920, 1080), (1080, 1920)], ids=["square", "wide", "high"])
def test_head_fills_the_picture(scene: bpy.types.Scene, head: bpy.types.Object, turn: Matrix, size: tuple) -> None:
    root = head
    while root.parent:
        root = root.parent
    root.matrix_world = turn @ root.matrix_world
    bpy.context.view_layer.update()
    scene.render.resolution_x, scene.render.resolution_y = size

    camera = add_framing_camera(scene, head)
    bpy.context.view_layer.update()
    found = discover(head)
    up = Vector(found.facing[:, 2])
    mouth, crown = Vector(found.mouth), Vector(found.mouth) + 0.75 * found.head_size * up
    seen = np.array([world_to_camera_view(scene, camera, point) for point in (mouth, crown)])
    assert np.allclose(seen[:, 0], 0.5, atol=0.02)  # upright, in the middle
    assert seen[0, 1] < 0.5 < seen[1, 1] < 1.0
    pixels = (seen[1, 1] - seen[0, 1]) * size[1] / min(size)
    assert 0.4 < pixels < 0.6  # of the shorter side: mouth to crown is three quarters of a head
    assert (seen[:, 2] > camera.data.clip_start).all()


def test_object_without_a_face_is_framed_as_a_whole(scene: bpy.types.Scene) -> None:
    bpy.ops.mesh.primitive_cube_add(size=2)
    cube = bpy.context.object
    camera = add_framing_camera(scene, cube)
    bpy.context.view_layer.update()
    seen = np.array([world_to_camera_view(scene, camera, Vector(corner)) for corner in cube.bound_box])
    assert (seen[:, :2] > 0).all()
    assert (seen[:, :2] < 1).all()
