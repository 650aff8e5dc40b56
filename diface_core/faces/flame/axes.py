"""FLAME's coordinate axes and Blender's.

In FLAME's frame Y is up and the face looks along +Z; in Blender's Z is up and it looks along -Y. In both, +X is the
character's left. The same maps apply to rotation vectors, which turn with their frame.
"""

from __future__ import annotations

import numpy as np

from ...types import Float32Array


def flame_to_blender(vectors: Float32Array) -> Float32Array:
    """Return vectors or rotation vectors (..., 3) of FLAME's frame in Blender's: (x, y, z) becomes (x, -z, y)."""
    return np.stack([vectors[..., 0], -vectors[..., 2], vectors[..., 1]], axis=-1)


def blender_to_flame(vectors: Float32Array) -> Float32Array:
    """Return vectors or rotation vectors (..., 3) of Blender's frame in FLAME's: (x, y, z) becomes (x, z, -y)."""
    return np.stack([vectors[..., 0], vectors[..., 2], -vectors[..., 1]], axis=-1)
