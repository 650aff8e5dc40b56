"""Matrices as location, rotation and scale, vectorised."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ....rig import rotation_values

FloatArray = npt.NDArray[np.float64]


def decompose(matrices: FloatArray) -> FloatArray:
    """Return matrices (T, 4, 4) as location, unit quaternion (w first) and scale: (T, 10).

    A mirrored matrix has a negative scale on all axes, as in Blender. Shear is lost. Quaternions continue the one
    before, so that what is between two of them turns the short way.
    """
    location = matrices[:, :3, 3]
    axes = matrices[:, :3, :3]
    scale = np.linalg.norm(axes, axis=1) * np.where(np.linalg.det(axes) < 0, -1.0, 1.0)[:, None]
    safe = np.where(np.abs(scale) > 1e-12, scale, 1.0)
    rotation = continuous(quaternions(axes / safe[:, None, :]))
    return np.concatenate([location, rotation, scale], axis=1)


def quaternions(rotations: FloatArray) -> FloatArray:
    """Return rotation matrices (T, 3, 3) as unit quaternions (T, 4), w first.

    Of the four expressions of Shepperd (1978), that with the largest divisor is taken.
    """
    m = rotations
    trace = m[:, 0, 0] + m[:, 1, 1] + m[:, 2, 2]
    diagonal = np.stack([trace, m[:, 0, 0], m[:, 1, 1], m[:, 2, 2]], axis=1)
    a, b, c = m[:, 2, 1] - m[:, 1, 2], m[:, 0, 2] - m[:, 2, 0], m[:, 1, 0] - m[:, 0, 1]
    d, e, f = m[:, 1, 0] + m[:, 0, 1], m[:, 0, 2] + m[:, 2, 0], m[:, 2, 1] + m[:, 1, 2]
    squares = 1 + 2 * diagonal - trace[:, None]
    squares[:, 0] = 1 + trace
    s = squares
    rows = np.stack([
        np.stack([s[:, 0], a, b, c], axis=1),
        np.stack([a, s[:, 1], d, e], axis=1),
        np.stack([b, d, s[:, 2], f], axis=1),
        np.stack([c, e, f, s[:, 3]], axis=1),
    ], axis=1)  # fmt: skip
    found = rows[np.arange(len(m)), np.argmax(diagonal, axis=1)]
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def continuous(rotations: FloatArray) -> FloatArray:
    """Return unit quaternions (T, 4) with the signs that continue the first one."""
    if len(rotations) < 2:
        return rotations
    same = np.sum(rotations[1:] * rotations[:-1], axis=1) >= 0
    signs = np.concatenate([[1.0], np.cumprod(np.where(same, 1.0, -1.0))])
    return rotations * signs[:, None]


def compose(parts: FloatArray) -> FloatArray:
    """Return the matrices (T, 4, 4) of location, unit quaternion and scale (T, 10)."""
    matrices = np.tile(np.eye(4), (len(parts), 1, 1))
    matrices[:, :3, :3] = rotation_values.matrices(parts[:, 3:7]) * parts[:, None, 7:]
    matrices[:, :3, 3] = parts[:, :3]
    return matrices
