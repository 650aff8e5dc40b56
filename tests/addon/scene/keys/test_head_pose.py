"""The head's rotation: the given pose in every rotation mode, without jumps, and without accumulation over takes."""

from __future__ import annotations

import math

import bpy
import numpy as np
import pytest
from mathutils import Euler, Matrix, Quaternion, Vector

from diface_addon.core import channels, types
from diface_addon.scene.takes import write_take
from tests.addon.scene.rotations import MODES, turn

RATE = types.FrameRate(24)


def sway(rows: int = 60) -> np.ndarray:
    """Return rotation vectors (T, 3) of a moving head that pass through zero."""
    t = np.linspace(0, 2 * np.pi, rows)
    return np.stack([0.5 * np.sin(t), 0.3 * np.sin(2 * t), 0.8 * np.sin(t + 1)], 1).astype(np.float32)


def write(obj, vectors, first_frame: int = 1) -> write_take.TakeResult:
    return write_take.write_take(obj, types.Motion(vectors, channels.HEAD, RATE), "T", {"first_frame": first_frame})


def pose(obj, frame: int, subframe: float = 0.0) -> Matrix:
    bpy.context.scene.frame_set(frame, subframe=subframe)
    return obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).matrix_world.to_3x3()


def expected_pose(rest: Quaternion, vector) -> Matrix:
    axis = Vector(vector.tolist())
    return rest.to_matrix() @ Matrix.Rotation(axis.length, 3, axis.normalized())


def angle_between(a: Matrix, b: Matrix) -> float:
    # For small angles the vector part of the quaternion is more precise than the trace.
    return 2 * math.asin(min(1.0, Vector((a.inverted() @ b).to_quaternion()[1:]).length))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("rest", [(0, 0, 0), (0.4, -0.3, 2.9), (0, math.pi / 2, 0)])
def test_each_frame_shows_the_given_rotation(scene, head, mode, rest) -> None:
    head.rotation_mode = mode
    rest = Euler(rest).to_quaternion()
    turn(head, rest)
    vectors = sway()
    write(head, vectors, first_frame=5)
    for row, vector in enumerate(vectors):
        assert angle_between(pose(head, 5 + row), expected_pose(rest, vector)) < 1e-4


@pytest.mark.parametrize("mode", MODES)
def test_rotation_is_continuous_between_frames(scene, head, mode) -> None:
    head.rotation_mode = mode
    turn(head, Euler((0.4, -0.3, 3.1)).to_quaternion())
    vectors = sway(240)
    write(head, vectors)
    for row in range(len(vectors) - 1):
        step = angle_between(pose(head, 1 + row), pose(head, 2 + row))
        assert angle_between(pose(head, 1 + row), pose(head, 1 + row, 0.5)) < 0.75 * step + 2e-3


@pytest.mark.parametrize("mode", MODES)
def test_second_take_has_the_same_rest_rotation(scene, head, mode) -> None:
    head.rotation_mode = mode
    rest = Euler((0.1, 0.2, 0.3)).to_quaternion()
    turn(head, rest)
    vectors = sway()
    for _ in range(3):
        write(head, vectors)
        scene.frame_set(17)
    assert angle_between(pose(head, 11), expected_pose(rest, vectors[10])) < 1e-4


@pytest.mark.parametrize("mode", MODES)
def test_rest_rotation_is_not_the_last_pose_of_a_take(scene, head, mode) -> None:
    head.rotation_mode = mode
    rest = Euler((0.1, 0.2, 0.3)).to_quaternion()
    turn(head, rest)
    vectors = sway()
    write(head, vectors)
    scene.frame_set(17)
    head.animation_data_clear()
    write(head, vectors)
    assert angle_between(pose(head, 11), expected_pose(rest, vectors[10])) < 1e-4


def test_rest_rotation_of_a_character_that_the_user_rotated(scene, head) -> None:
    vectors = sway()
    write(head, vectors)
    scene.frame_set(17)
    head.animation_data_clear()
    rest = Euler((0, 0, 2.0)).to_quaternion()
    turn(head, rest)
    write(head, vectors)
    assert angle_between(pose(head, 11), expected_pose(rest, vectors[10])) < 1e-4


def test_head_rotates_about_its_pivot_under_a_parent(scene, head) -> None:
    parent = bpy.data.objects.new("Walk", None)
    scene.collection.objects.link(parent)
    parent.location, parent.rotation_euler.z = (3, 0, 0), 1.0
    head.parent = parent
    head.location = (0, 0, 2)
    vectors = sway()
    write(head, vectors)
    found = pose(head, 11)
    assert angle_between(found, Matrix.Rotation(1.0, 3, "Z") @ expected_pose(Quaternion(), vectors[10])) < 1e-4
    assert (head.matrix_world.translation - Vector((3, 0, 2))).length < 1e-6


def test_signs_of_the_head_axes(scene, head) -> None:
    """The character faces -Y and +X is its left: +rx nods down, +rz turns to its left."""
    nod, turned = np.float32([[0.5, 0, 0]]), np.float32([[0, 0, 0.5]])
    write(head, nod)
    assert (pose(head, 1) @ Vector((0, -1, 0))).z < -0.4
    write(head, turned)
    assert (pose(head, 1) @ Vector((0, -1, 0))).x > 0.4
