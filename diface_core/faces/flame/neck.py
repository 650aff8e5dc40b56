"""A head's pose on a FLAME mesh: the neck turned through the skinning, or the object turned about the same joint."""

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
    """Moving faces (T, V, 3) m with their heads turned by rotation vectors (T, 3) rad about FLAME's neck joint.

    As 3DiFACE puts its two parts together (Thambiraja et al. 2025): the neck turns as a pose of FLAME, so that the
    skin blends from the still shoulders to the turned head, and bends as the pose correctives say; without
    `correctives` it only blends. The joint is that of `neutral` (V, 3), the face at rest; of FLAME's template without
    it. It stands still while the face speaks.
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


def neck_pivot(flame: Flame, neutral: Float32Array | None = None) -> Float32Array:
    """The neck joint (3,) m of a face at rest (V, 3), of FLAME's template without any."""
    return flame.joints(neutral)[NECK_JOINT]


def object_transform(pivot: Float32Array, rotations: npt.ArrayLike) -> tuple[Float32Array, Float32Array]:
    """The same head pose for a whole object: matrices R (T, 3, 3) and places t (T, 3) m so that x -> R x + t.

    It turns by the rotation vectors (T, 3) rad about `pivot` (3,) m, in FLAME's frame. What wholly hangs on the neck
    joint moves as `apply_neck_rotation` without correctives moves it; the shoulders, which that leaves, turn too.
    """
    turns = rotation_matrices(rotations)
    return turns, pivot - turns @ pivot
