"""Named regions of FLAME's vertices: from the user's FLAME_masks.pkl, or computed from the mesh without it.

numpy only.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...errors import ModelError
from ...untrusted.pickle_arrays import load_arrays
from .flame_model import JOINTS, Flame
from .recognition import SKIN_VERTEX_COUNT, VERTEX_COUNT

Int64Array = npt.NDArray[np.int64]
Masks = dict[str, Int64Array]
"""Region -> its vertices (N,), in order. The published ones: face, lips, nose, forehead, scalp, neck, ..."""

HINT = "Use FLAME_masks.pkl as downloaded from flame.is.tue.mpg.de (FLAME Vertex Masks)."
LIP_RINGS = 7
"""Edges from the border of the mouth's hole to the border of the lips' red."""
FACE_CONE = np.cos(np.radians(52.0))
"""The face is what is visible from the midpoint of the jaw's joints within this angle of straight ahead: it ends at the
hairline, in front of the ears and under the chin.
"""


def load_masks(path: Path) -> Masks:
    """Load the regions of a FLAME_masks.pkl.

    Raises:
        ModelError: The file is missing, damaged or holds anything but regions.
    """
    regions = {}
    for name, value in load_arrays(path, HINT).items():
        vertices = np.unique(value.astype(np.int64))
        if value.ndim != 1 or not np.isfinite(value).all() or (value != value.astype(np.int64)).any():
            raise ModelError(f"{path}: the region {name!r} is not a list of vertices.", HINT)
        if len(vertices) and (vertices[0] < 0 or vertices[-1] >= VERTEX_COUNT):
            raise ModelError(f"{path}: the region {name!r} names vertices that FLAME does not have.", HINT)
        regions[name] = vertices
    if not regions:
        raise ModelError(f"{path} holds no regions.", HINT)
    return regions


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
