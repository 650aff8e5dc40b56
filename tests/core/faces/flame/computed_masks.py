"""Regions of FLAME's vertices that are computed from the mesh, for tests without the user's FLAME_masks.pkl."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from diface_core.faces.flame.flame_model import JOINTS, Flame
from diface_core.faces.flame.masks import Int64Array, Masks
from diface_core.faces.flame.recognition import SKIN_VERTEX_COUNT, VERTEX_COUNT

LIP_RINGS = 7
"""Edges from the border of the mouth's hole to the border of the lips' red."""
FACE_CONE = np.cos(np.radians(52.0))
"""The face is what is visible from the midpoint of the jaw's joints within this angle of straight ahead: it ends at the
hairline, in front of the ears and under the chin.
"""


def compute_masks(flame: Flame) -> Masks:
    """Compute `lips`, `face` and the eyeballs, named as in the published file.

    The regions are near the published ones, not equal to them. lips: the rings of vertices around the mouth's hole out
    to the border of the red, by the faces alone. face: the skin in front of the jaw's joint, lips and lids included, by
    the template's geometry.
    """
    from_jaw = flame.template - flame.joints()[JOINTS.index("jaw")]
    ahead = from_jaw[:, 2] > FACE_CONE * np.linalg.norm(from_jaw, axis=1)
    skin = np.arange(VERTEX_COUNT) < SKIN_VERTEX_COUNT
    return {
        "face": np.flatnonzero(ahead & skin),
        "left_eyeball": np.arange(SKIN_VERTEX_COUNT, (SKIN_VERTEX_COUNT + VERTEX_COUNT) // 2),
        "lips": _mouth_vertices(flame, ahead & skin),
        "right_eyeball": np.arange((SKIN_VERTEX_COUNT + VERTEX_COUNT) // 2, VERTEX_COUNT),
    }


def _mouth_vertices(flame: Flame, face: npt.NDArray[np.bool_]) -> Int64Array:
    """Return the vertices up to LIP_RINGS edges from the hole in the face's skin."""
    triangles = flame.faces[(flame.faces < SKIN_VERTEX_COUNT).all(axis=1)]
    sides = np.sort(np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=-1).reshape(-1, 2), axis=1)
    edges, faces_beside = np.unique(sides, axis=0, return_counts=True)
    reached = np.zeros(VERTEX_COUNT, bool)
    reached[edges[faces_beside == 1]] = True
    reached &= face  # the other hole is the neck's
    for _ in range(LIP_RINGS):
        reached[edges[reached[edges].any(axis=1)]] = True
    return np.flatnonzero(reached)
