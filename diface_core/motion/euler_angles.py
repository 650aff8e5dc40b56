"""Euler angles about the fixed axes X, Y, Z in turn, which Blender calls XYZ, and rotation vectors."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float64Array = npt.NDArray[np.float64]


def angles_from_vectors(vectors: npt.NDArray[np.floating]) -> Float64Array:
    """Return the angles (T, 3) about X, Y and Z, radians, of rotation vectors (T, 3)."""
    w, x, y, z = _quaternions(vectors.astype(np.float64)).T
    about_x = np.arctan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y))
    about_y = np.arcsin(np.clip(2 * (w * y - z * x), -1, 1))
    about_z = np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
    return np.stack([about_x, about_y, about_z], axis=1)


def vectors_from_angles(angles: npt.NDArray[np.floating]) -> Float64Array:
    """Return the rotation vectors (T, 3), at most pi long, of angles (T, 3) about X, Y and Z, radians."""
    x, y, z = (angles.astype(np.float64) / 2).T
    cos_x, cos_y, cos_z, sin_x, sin_y, sin_z = (*map(np.cos, (x, y, z)), *map(np.sin, (x, y, z)))
    scalar = cos_x * cos_y * cos_z + sin_x * sin_y * sin_z
    vector = np.stack(
        [
            sin_x * cos_y * cos_z - cos_x * sin_y * sin_z,
            cos_x * sin_y * cos_z + sin_x * cos_y * sin_z,
            cos_x * cos_y * sin_z - sin_x * sin_y * cos_z,
        ],
        axis=1,
    )
    vector, scalar = np.where(scalar < 0, -1.0, 1.0)[:, None] * vector, np.abs(scalar)
    sine = np.linalg.norm(vector, axis=1)
    angle = 2 * np.arctan2(sine, scalar)
    scale: Float64Array = np.where(sine > 1e-12, angle / np.maximum(sine, 1e-12), 2.0)
    return np.multiply(vector, scale[:, None])


def _quaternions(vectors: Float64Array) -> Float64Array:
    """Return unit quaternions (T, 4), w first, of rotation vectors (T, 3)."""
    angle = np.linalg.norm(vectors, axis=1, keepdims=True)
    # sin(a / 2) / a, also at 0
    return np.concatenate([np.cos(angle / 2), vectors * np.sinc(angle / (2 * np.pi)) / 2], axis=1)
