"""Linear blend skinning: joints that turn, and vertices that follow them by weights. numpy only."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


def rotation_matrices(rotations: npt.ArrayLike) -> FloatArray:
    """Rotation vectors (..., 3) in radians, active -> matrices (..., 3, 3) float32 (Rodrigues' formula)."""
    vectors = np.asarray(rotations, np.float64)
    angles = np.linalg.norm(vectors, axis=-1)[..., None, None]
    x, y, z = np.moveaxis(vectors, -1, 0)
    o = np.zeros_like(x)
    cross = np.stack([o, -z, y, z, o, -x, -y, x, o], -1).reshape(*vectors.shape, 3)
    # sin(a) / a and (1 - cos(a)) / a^2, which are smooth at 0
    first = np.sinc(angles / np.pi)
    second = 0.5 * np.sinc(angles / (2 * np.pi)) ** 2
    return (np.eye(3) + first * cross + second * cross @ cross).astype(np.float32)


def joint_transforms(joints: FloatArray, turns: FloatArray, parents: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """What each joint does to the points that hang on it: x -> R x + t.

    joints: (T, J, 3) m at rest. turns: (T, J, 3, 3), each about its joint, relative to its parent. parents: (J,), a
    joint's before it and the root's -1. Returns R (T, J, 3, 3) and t (T, J, 3).
    """
    matrices, offsets = [], []
    for joint, parent in enumerate(np.asarray(parents).tolist()):
        turn, place = turns[:, joint], joints[:, joint, :, None]
        held = place - turn @ place  # the joint stays where it is
        if parent >= 0:
            held = matrices[parent] @ held + offsets[parent]
            turn = matrices[parent] @ turn
        matrices.append(turn)
        offsets.append(held)
    return np.stack(matrices, 1), np.stack(offsets, 1)[..., 0]


def skinned(points: FloatArray, weights: FloatArray, matrices: FloatArray, offsets: FloatArray) -> FloatArray:
    """Points (T or 1, V, 3) moved by the joints' x -> R x + t, mixed by weights (V, J) whose rows sum to 1: (T, V, 3).

    Where nothing turns, the points come back as they are, to the bit.
    """
    moved = np.repeat(points, len(matrices), 0) if len(points) < len(matrices) else points.copy()
    for joint, (turn, offset) in enumerate(zip(np.moveaxis(matrices, 1, 0), np.moveaxis(offsets, 1, 0), strict=True)):
        away = turn - np.eye(3, dtype=np.float32)
        if away.any() or offset.any():
            follows = np.flatnonzero(weights[:, joint])
            there = points[:, follows] @ np.swapaxes(away, 1, 2) + offset[:, None]
            moved[:, follows] += weights[follows, joint, None] * there
    return moved
