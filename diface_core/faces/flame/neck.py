"""Head pose on a FLAME mesh: the neck rotated by skinning."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .flame_model import JOINTS, Flame
from .skinning import joint_transforms, rotation_matrices, skin_vertices

Float32Array = npt.NDArray[np.float32]

NECK_JOINT = JOINTS.index("neck")


def apply_neck_rotation(
    flame: Flame,
    vertices: Float32Array,
    rotations: npt.ArrayLike,
    neutral: Float32Array | None = None,
    correctives: bool = True,
) -> Float32Array:
    """Rotate the heads of moving faces about FLAME's neck joint.

    As 3DiFACE combines its two networks (Thambiraja et al. 2025): the neck rotates as a pose of FLAME, so that the skin
    blends from the still shoulders to the rotated head.

    Args:
        flame: The FLAME model.
        vertices: Moving faces (T, V, 3) m.
        rotations: Rotation vectors (T, 3) rad.
        neutral: The face at rest (V, 3) that gives the joint, which does not move with speech; default: the template.
        correctives: Whether the skin also follows the pose correctives.

    Returns:
        The rotated vertices (T, V, 3) m.
    """
    rotations = np.asarray(rotations, np.float32)
    if vertices.ndim != 3 or rotations.shape != (len(vertices), 3):
        raise ValueError(
            f"vertices must be (frames, V, 3), rotations (frames, 3). Got {vertices.shape}, {rotations.shape}."
        )
    vectors = np.zeros((len(rotations), len(JOINTS), 3), np.float32)
    vectors[:, NECK_JOINT] = rotations
    turns = rotation_matrices(vectors)
    joints = np.broadcast_to(flame.joints(neutral), (len(turns), len(JOINTS), 3))
    matrices, offsets = joint_transforms(joints, turns, flame.parents)
    return skin_vertices(
        flame.apply_correctives(vertices, turns) if correctives else vertices, flame.weights, matrices, offsets
    )
