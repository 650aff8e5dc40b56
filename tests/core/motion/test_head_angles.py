"""Yaw, pitch and roll of Live Link Face and rotation vectors, against scipy."""

import numpy as np
from scipy.spatial.transform import Rotation

from diface_core.motion.head_angles import (
    angles_from_vectors,
    compose,
    mean_angle,
    relative_to_mean,
    rotate,
    vectors_from_angles,
)

VECTORS = np.concatenate(
    [np.random.default_rng(0).uniform(-0.8, 0.8, (200, 3)), np.zeros((1, 3)), np.full((1, 3), 1e-9)]
)
ANGLES = np.random.default_rng(1).uniform(-1.5, 1.5, (200, 3))


def turned(yaw: float, pitch: float, roll: float) -> Rotation:
    """Roll about the axis of the face, then pitch, then yaw, each about a fixed axis."""
    return Rotation.from_euler("yxz", [roll, pitch, -yaw])


def test_angles_are_roll_pitch_and_yaw_in_turn() -> None:
    for angles, vector in zip(ANGLES, vectors_from_angles(ANGLES), strict=True):
        np.testing.assert_allclose(vector, turned(*angles).as_rotvec(), atol=1e-9)


def test_round_trips() -> None:
    np.testing.assert_allclose(vectors_from_angles(angles_from_vectors(VECTORS)), VECTORS, atol=1e-9)
    np.testing.assert_allclose(angles_from_vectors(vectors_from_angles(ANGLES)), ANGLES, atol=1e-9)


def test_signs() -> None:
    """The face looks along -Y, +X is its left: where the nose points and the left ear goes."""
    nose, left_ear = np.array([0, -1, 0]), np.array([1, 0, 0])
    right, down, tilt = (Rotation.from_rotvec(vectors_from_angles(np.eye(3)[[axis]] * 0.3)[0]) for axis in range(3))
    assert right.apply(nose)[0] < -0.2
    assert down.apply(nose)[2] < -0.2
    assert tilt.apply(left_ear)[2] < -0.2


def test_motion_relative_to_the_mean_does_not_depend_on_how_the_camera_is_held() -> None:
    head = np.random.default_rng(2).uniform(-0.2, 0.2, (300, 3))
    expected = relative_to_mean(head)
    for camera in ([0, np.pi / 2, 0], [0.6, 0, 0.2], [0, -np.pi / 2, 0.1]):
        seen = (Rotation.from_rotvec(camera) * Rotation.from_rotvec(head)).as_rotvec()
        np.testing.assert_allclose(relative_to_mean(seen), expected, atol=1e-9)
    assert mean_angle(expected) < 1e-6
    np.testing.assert_allclose(mean_angle(np.full((5, 3), [0, 0, 0.4])), 0.4)


def test_composed_and_applied_rotations() -> None:
    first, second = VECTORS, VECTORS[::-1]
    expected = Rotation.from_rotvec(first) * Rotation.from_rotvec(second)
    np.testing.assert_allclose(compose(first, second), expected.as_rotvec(), atol=1e-9)
    points = np.random.default_rng(3).uniform(-2, 2, VECTORS.shape)
    np.testing.assert_allclose(rotate(first, points), Rotation.from_rotvec(first).apply(points), atol=1e-9)
