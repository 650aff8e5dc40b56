"""Linear blend skinning: joint transforms and vertices that follow them by weights. numpy only."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float32Array = npt.NDArray[np.float32]

BLOCK_FRAMES = 8
"""Frames whose blended transforms are in memory at once, so that they stay in the processor's cache."""


def rotation_matrices(rotations: npt.ArrayLike) -> Float32Array:
    """Convert rotation vectors (..., 3) in radians, active, to matrices (..., 3, 3) float32 (Rodrigues' formula)."""
    vectors = np.asarray(rotations, np.float64)
    angles = np.linalg.norm(vectors, axis=-1)[..., None, None]
    x, y, z = np.moveaxis(vectors, -1, 0)
    o = np.zeros_like(x)
    cross = np.stack([o, -z, y, z, o, -x, -y, x, o], -1).reshape(*vectors.shape, 3)
    # sin(a) / a and (1 - cos(a)) / a^2, which are smooth at 0
    first = np.sinc(angles / np.pi)
    second = 0.5 * np.sinc(angles / (2 * np.pi)) ** 2
    return (np.eye(3) + first * cross + second * cross @ cross).astype(np.float32)


def joint_transforms(
    joints: Float32Array, rotations: Float32Array, parents: npt.ArrayLike
) -> tuple[Float32Array, Float32Array]:
    """Return each joint's transform x -> R x + t of the points that follow it.

    Args:
        joints: (T, J, 3) m at rest.
        rotations: (T, J, 3, 3), each about its joint, relative to its parent.
        parents: (J,), each before its children; the root's is -1.

    Returns:
        R (T, J, 3, 3) and t (T, J, 3).
    """
    matrices, offsets = [], []
    for joint, parent in enumerate(np.asarray(parents).tolist()):
        turn, place = rotations[:, joint], joints[:, joint, :, None]
        offset = place - turn @ place  # the joint itself does not move
        if parent >= 0:
            offset = matrices[parent] @ offset + offsets[parent]
            turn = matrices[parent] @ turn
        matrices.append(turn)
        offsets.append(offset)
    return np.stack(matrices, 1), np.stack(offsets, 1)[..., 0]


def skin_vertices(
    points: Float32Array, weights: Float32Array, matrices: Float32Array, offsets: Float32Array
) -> Float32Array:
    """Return points (T or 1, V, 3) moved by the joints' x -> R x + t, blended by weights: (T, V, 3).

    Without rotation the points are returned unchanged, to the bit.

    Args:
        points: (T or 1, V, 3).
        weights: (V, J), rows that sum to 1.
        matrices: (T, J, 3, 3).
        offsets: (T, J, 3).
    """
    away = np.concatenate([matrices - np.eye(3, dtype=np.float32), offsets[..., None]], axis=-1)  # (T, J, 3, 4)
    count, joints = away.shape[:2]
    by_axis = np.swapaxes(away.reshape(count, joints, 12), 1, 2)
    moved = np.repeat(points, count, 0) if len(points) < count else points.copy()
    for first in range(0, count, BLOCK_FRAMES):
        rows = slice(first, first + BLOCK_FRAMES)
        mixed = (by_axis[rows].reshape(-1, joints) @ weights.T).reshape(-1, 3, 4, len(weights))
        x, y, z = np.moveaxis(points if len(points) == 1 else points[rows], -1, 0)
        for axis in range(3):
            along_x, along_y, along_z, shift = np.moveaxis(mixed[:, axis], 1, 0)
            moved[rows, :, axis] += along_x * x + along_y * y + along_z * z + shift
    return moved
