"""Teeth that come through a lip."""

from __future__ import annotations

import numpy as np
from mathutils import Vector
from mathutils.bvhtree import BVHTree

from ..bundled_parts import FloatArray, bundled_head, vertices_of

REACH = 0.006
"""How far behind a tooth its lip is searched for, in metres."""


def deepest(skin: FloatArray, teeth: FloatArray) -> float:
    """Return how far teeth stand out of the lips, in mm.

    Args:
        skin: (V, 3) of a mesh of the bundled head's skin, turned so that it looks along -Y.
        teeth: (W, 3) of a mesh of both rows of teeth and the tongue.
    """
    tree = BVHTree.FromPolygons([Vector(point) for point in skin.tolist()], _lip_polygons().tolist())
    front = teeth[teeth[:, 1] < teeth[:, 1].min() + 0.012]
    depths = [0.0]
    for point in front.tolist():
        hit, normal, _, distance = tree.ray_cast(Vector(point), Vector((0.0, 1.0, 0.0)), REACH)
        if hit is not None and normal.y < -0.2:
            depths.append(distance)
    return 1000.0 * max(depths)


def _lip_polygons() -> np.ndarray:
    """Return the triangles (F, 3) of the skin of lips and chin, as vertices of a mesh of the skin."""
    head, chosen = bundled_head(), vertices_of("skin")
    number = np.full(len(head.vertices), -1)
    number[chosen] = np.arange(len(chosen))
    near = np.zeros(len(head.vertices), bool)
    near[vertices_of("lips")] = True
    faces = head.triangles("Skin")
    return number[faces[near[faces].any(axis=1)]]
