"""The head's rotation as yaw, pitch and roll, as Live Link Face has them, and as rotation vectors.

The app's angles are those of Unreal Engine: the roll is applied first, then the pitch, then the yaw. A positive HeadYaw
turns the head to its right, a positive HeadPitch nods down, a positive HeadRoll tilts it to its left shoulder. This
follows from two facts. Epic's plugin converts the rotations of head and eyes by the same formulas (AppleARKit, 2019).
In two recordings of the app the eye's yaw and pitch fall with the weights of looking left and up (r = -.98 to -1.0),
and its roll is such that the eyes do not twist (tests/core/recordings/test_real_recordings.py).
"""

from __future__ import annotations

import numpy as np

from ..types import AnyFloatArray, Float64Array


def vectors_from_angles(angles: AnyFloatArray) -> Float64Array:
    """Return rotation vectors (T, 3), at most pi long, of yaw, pitch and roll (T, 3) in radians."""
    yaw, pitch, roll = angles.astype(np.float64).T
    zero = np.zeros_like(yaw)
    turned, nodded, tilted = (
        _quaternions(np.stack(vector, 1)) for vector in ((zero, zero, -yaw), (pitch, zero, zero), (zero, roll, zero))
    )
    return _vectors(_multiply(turned, _multiply(nodded, tilted)))


def angles_from_vectors(vectors: AnyFloatArray) -> Float64Array:
    """Return yaw, pitch and roll (T, 3) of rotation vectors (T, 3): the inverse of `vectors_from_angles`."""
    w, x, y, z = _quaternions(vectors).T
    yaw = np.arctan2(2 * (x * y - w * z), 1 - 2 * (x * x + z * z))
    pitch = np.arcsin(np.clip(2 * (y * z + w * x), -1, 1))
    roll = np.arctan2(2 * (w * y - x * z), 1 - 2 * (x * x + y * y))
    return np.stack([yaw, pitch, roll], axis=1)


def relative_to_mean(vectors: AnyFloatArray) -> Float64Array:
    """Return rotation vectors (T, 3) relative to their mean rotation, about the axes that the head has there.

    It takes out how the camera was held: upright, tilted or on its side.
    """
    turns = _quaternions(vectors)
    return _vectors(_multiply(np.broadcast_to(_mean(turns) * (1, -1, -1, -1), turns.shape), turns))


def mean_angle(vectors: AnyFloatArray) -> float:
    """Return the angle of the mean rotation of rotation vectors (T, 3), in radians."""
    return float(2 * np.arccos(np.clip(abs(_mean(_quaternions(vectors))[0]), 0, 1)))


def compose(first: AnyFloatArray, second: AnyFloatArray) -> Float64Array:
    """Return rotation vectors (T, 3), at most pi long, of the rotations `second`, and then `first`."""
    return _vectors(_multiply(_quaternions(first), _quaternions(second)))


def rotate(vectors: AnyFloatArray, points: AnyFloatArray) -> Float64Array:
    """Return points (T, 3) rotated by rotation vectors (T, 3)."""
    turns = _quaternions(vectors)
    axis, points = turns[:, 1:], points.astype(np.float64)
    across = 2.0 * np.cross(axis, points)
    return points + turns[:, :1] * across + np.cross(axis, across)


def _mean(turns: Float64Array) -> Float64Array:
    """Mean (4,) of unit quaternions (T, 4): the largest eigenvector of their outer products (Markley et al. 2007)."""
    return np.linalg.eigh(turns.T @ turns)[1][:, -1]


def _multiply(first: Float64Array, second: Float64Array) -> Float64Array:
    """Products (T, 4) of quaternions: the rotation `second`, and then `first`."""
    a, b, u, v = first[:, :1], second[:, :1], first[:, 1:], second[:, 1:]
    scalar = a * b - np.sum(u * v, axis=1, keepdims=True)
    return np.concatenate([scalar, a * v + b * u + np.cross(u, v)], axis=1)


def _quaternions(vectors: AnyFloatArray) -> Float64Array:
    """Unit quaternions (T, 4), w first, of rotation vectors (T, 3)."""
    vectors = vectors.astype(np.float64)
    angle = np.linalg.norm(vectors, axis=1, keepdims=True)
    # sin(a / 2) / a, also at 0
    return np.concatenate([np.cos(angle / 2), vectors * np.sinc(angle / (2 * np.pi)) / 2], axis=1)


def _vectors(turns: Float64Array) -> Float64Array:
    """Rotation vectors (T, 3), at most pi long, of quaternions (T, 4), w first."""
    turns = np.where(turns[:, :1] < 0, -1.0, 1.0) * turns
    sine = np.linalg.norm(turns[:, 1:], axis=1, keepdims=True)
    angle = 2 * np.arctan2(sine, turns[:, :1])
    return turns[:, 1:] * np.where(sine > 1e-12, angle / np.maximum(sine, 1e-12), 2.0)
