"""How far a rig's mouthClose shuts the lips that its jawOpen parts.

In ARKit's set, equal weights of jawOpen and mouthClose keep the lips shut. Some rigs shut them by a part only, and the
lips would stay apart on m, b and p: their mouthClose needs a gain.
"""

from __future__ import annotations

import bpy
import numpy as np
import numpy.typing as npt
from mathutils.kdtree import KDTree

CLOSE_GAIN = "diface_close_gain"
"""Custom property of the main mesh: the gain of mouthClose."""
MAX_GAIN = 4.0
NEAR = 0.02
"""Largest distance of two lips at rest, relative to the height of the head."""
MOVED_SHARE = 0.5
"""A vertex belongs to the lower lip if jawOpen moves it at least this share of the farthest one."""
CLOSED_SHARE = 0.3
"""... and if mouthClose raises it at least by this share of the farthest one."""
PAIRS = 12
"""Pairs of vertices, those that jawOpen parts most, whose median counts."""


def close_gain(mesh: bpy.types.Object) -> float:
    """Return the stored gain of mouthClose; 1 without one."""
    stored = mesh.get(CLOSE_GAIN, 1.0)
    return float(stored) if isinstance(stored, (int, float)) and stored > 0 else 1.0


def store_close_gain(mesh: bpy.types.Object, gain: float) -> None:
    """Store the gain of mouthClose with the main mesh."""
    if gain > 1.0:
        mesh[CLOSE_GAIN] = gain
    elif CLOSE_GAIN in mesh:
        del mesh[CLOSE_GAIN]


def measure_close_gain(
    mesh: bpy.types.Object, jaw_open: str, mouth_close: str, up: npt.NDArray[np.float64], head_size: float
) -> float:
    """Return the gain of mouthClose, 1 to MAX_GAIN, at which it shuts what jawOpen parts.

    Args:
        mesh: The main mesh.
        jaw_open: Name of the shape key of jawOpen.
        mouth_close: Name of the shape key of mouthClose.
        up: (3,) the head's up axis in world coordinates.
        head_size: Height of the head in world units.
    """
    blocks = mesh.data.shape_keys.key_blocks
    linear = np.array(mesh.matrix_world.to_3x3())
    rest = _positions(mesh.data.shape_keys.reference_key) @ linear.T
    opened, closed = (
        (_positions(blocks[name]) - _positions(blocks[name].relative_key)) @ linear.T @ up
        for name in (jaw_open, mouth_close)
    )
    upper, lower = _lip_pairs(rest, opened, closed, NEAR * head_size)
    if not len(upper):
        return 1.0
    opening = float(np.median(opened[upper] - opened[lower]))
    closing = float(np.median(closed[lower] - closed[upper]))
    return float(np.clip(opening / closing, 1.0, MAX_GAIN)) if opening > 0 and closing > 0 else 1.0


def _lip_pairs(
    rest: npt.NDArray, opened: npt.NDArray, closed: npt.NDArray, near: float
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the vertices (P,) of the upper and the lower lip that touch at rest and part most as the mouth opens.

    Args:
        rest: (V, 3) vertices at rest.
        opened: (V,) how far jawOpen moves them up.
        closed: (V,) how far mouthClose moves them up: the lower lip and not teeth, tongue or chin.
        near: Largest distance of the two lips.
    """
    moved = -opened
    is_low = (moved >= MOVED_SHARE * moved.max(initial=0.0)) & (closed >= CLOSED_SHARE * closed.max(initial=0.0))
    low = np.flatnonzero(is_low & (moved > 0) & (closed > 0))
    still = np.flatnonzero(np.abs(opened) < 0.2 * moved.max(initial=0.0))
    if not len(low) or not len(still):
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    tree = KDTree(len(still))
    for number, vertex in enumerate(still):
        tree.insert(rest[vertex], number)
    tree.balance()
    pairs = []
    for vertex in low:
        _point, number, distance = tree.find(rest[vertex])
        if distance <= near:
            pairs.append((opened[still[number]] - opened[vertex], still[number], vertex))
    pairs.sort(key=lambda pair: -pair[0])
    best = np.array([pair[1:] for pair in pairs[:PAIRS]], np.intp).reshape(-1, 2)
    return best[:, 0], best[:, 1]


def _positions(key: bpy.types.ShapeKey) -> npt.NDArray[np.float64]:
    coordinates = np.empty(3 * len(key.data), np.float32)
    key.data.foreach_get("co", coordinates)
    return coordinates.reshape(-1, 3).astype(np.float64)
