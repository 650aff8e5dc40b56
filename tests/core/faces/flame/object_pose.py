"""The head pose of a whole object, as Blender rotates it, to compare with the skinning of FLAME's neck."""

from __future__ import annotations

import numpy.typing as npt

from diface_core.faces.flame.flame_model import Flame
from diface_core.faces.flame.neck import NECK_JOINT, Float32Array
from diface_core.faces.flame.skinning import rotation_matrices


def neck_pivot(flame: Flame, neutral: Float32Array | None = None) -> Float32Array:
    """Return the neck joint (3,) m of a face at rest (V, 3), by default of FLAME's template."""
    return flame.joints(neutral)[NECK_JOINT]


def object_transform(pivot: Float32Array, rotations: npt.ArrayLike) -> tuple[Float32Array, Float32Array]:
    """Return the same head pose for a whole object: matrices R (T, 3, 3) and offsets t (T, 3) m with x -> R x + t.

    Vertices that are fully weighted to the neck joint move as in `apply_neck_rotation` without correctives; the
    shoulders rotate too.

    Args:
        pivot: (3,) m in FLAME's frame.
        rotations: Rotation vectors (T, 3) rad about `pivot`.
    """
    turns = rotation_matrices(rotations)
    return turns, pivot - turns @ pivot
