"""Euler angles and rotation vectors: the same as scipy's."""

import numpy as np
from scipy.spatial.transform import Rotation

from diface_core.motion.euler_angles import angles_from_vectors, vectors_from_angles

VECTORS = np.concatenate(
    [np.random.default_rng(0).uniform(-1.7, 1.7, (200, 3)), np.zeros((1, 3)), np.full((1, 3), 1e-9)]
)


def test_angles_equal_those_of_scipy() -> None:
    expected = Rotation.from_rotvec(VECTORS).as_euler("xyz")
    np.testing.assert_allclose(angles_from_vectors(VECTORS), expected, atol=1e-9)


def test_vectors_equal_those_of_scipy() -> None:
    angles = np.random.default_rng(1).uniform(-np.pi, np.pi, (200, 3))
    expected = Rotation.from_euler("xyz", angles).as_rotvec()
    np.testing.assert_allclose(vectors_from_angles(angles), expected, atol=1e-9)


def test_round_trip() -> None:
    np.testing.assert_allclose(vectors_from_angles(angles_from_vectors(VECTORS)), VECTORS, atol=1e-9)
