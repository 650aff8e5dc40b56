"""ARKit weights from FLAME vertices: only channels that the lips, the corners and the chin determine."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.optimize import nnls

from ... import channels
from ...faces.head import Head, load_head
from ...types import BoolArray, Float32Array

VERTICES = 5023

# Vertex numbers of FLAME; the bundled head's at the same points of the face follow, by name or number.
UPPER_LIP = (2849, 2787, 2785, 3533, 1668, 1670, 1734)
LOWER_LIP = (2892, 2928, 2937, 3509, 1848, 1826, 1789)
CORNERS = (2845, 1730)
MIDLINE = (3543, 3503, 3401)
"""Foremost points of the upper lip, the lower lip and the chin."""
HEAD_LIP_ROWS = slice(3, 10)
"""Rows of the head's inner lips at the same share of the mouth's width as FLAME's."""
HEAD_HEIGHTS = (-0.0204, -0.0350, -0.0552)
"""Metres (Z) of MIDLINE on the head's skin, at X = 0."""

EYEBALLS = (slice(3931, 4477), slice(4477, 5023))
SKULL = (3516, 3518, 3561, 3548)
"""On the bridge of the nose; with the eyeballs' centres, points that do not move with the mouth."""

OBSERVABLE_CHANNELS = (
    "jawOpen", "mouthClose", "mouthFunnel", "mouthPucker", "mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft",
    "mouthStretchRight", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "jawLeft", "jawRight",
)  # fmt: skip
"""Channels that are distinguishable by the movement of these points: known."""
RIDGE = 0.003
"""Metres of error that a weight of 1 must reduce."""


def known_channels() -> BoolArray:
    """Return a mask (52,) of the channels that the vertices determine."""
    return np.array([name in OBSERVABLE_CHANNELS for name in channels.FACE])


def arkit_weights(vertices: Float32Array, template: Float32Array) -> Float32Array:
    """Convert FLAME vertices (T, 5023, 3) m of a speaker with the rest pose `template` (5023, 3) to weights (T, 52).

    The displacement of each point, in the template's head frame and scaled to the bundled head, is decomposed into the
    displacements of the head's shapes at these points (non-negative least squares, Lawson and Hanson 1974). The weights
    are in [0, 1].
    """
    columns, middles = _head_shapes()
    points = np.array([*UPPER_LIP, *LOWER_LIP, *CORNERS, *MIDLINE])
    scale = np.linalg.norm(middles[0] - middles[1]) / np.linalg.norm(np.subtract(*_eye_centres(template)))
    moved = (stabilise_head(vertices, template)[:, points] - template[points]) * scale
    # FLAME looks along +Z with Y up, the head along -Y with Z up.
    displacements = np.stack([moved[..., 0], -moved[..., 2], moved[..., 1]], -1).reshape(len(vertices), -1)

    ridge = RIDGE * np.eye(len(OBSERVABLE_CHANNELS))
    matrix = np.concatenate([columns, ridge])
    solved = np.array(
        [nnls(matrix, np.concatenate([row, np.zeros(len(OBSERVABLE_CHANNELS))]))[0] for row in displacements]
    )
    values = np.zeros((len(vertices), len(channels.FACE)), np.float32)
    values[:, [channels.FACE.index(name) for name in OBSERVABLE_CHANNELS]] = np.clip(solved, 0.0, 1.0)
    # A jaw is either to the left or to the right.
    sides = [channels.FACE.index("jawLeft"), channels.FACE.index("jawRight")]
    values[:, sides] -= values[:, sides].min(1, keepdims=True)
    return values


def stabilise_head(vertices: Float32Array, template: Float32Array) -> Float32Array:
    """Return the vertices (T, V, 3) with the head aligned with the template's (Kabsch 1976, on eyes and nose)."""
    rest = np.stack([*_eye_centres(template), *template[list(SKULL)]])
    now = np.stack([*_eye_centres(vertices), *(vertices[:, index] for index in SKULL)], 1)
    current_mean, rest_mean = now.mean(1, keepdims=True), rest.mean(0)
    u, _, vt = np.linalg.svd(np.swapaxes(now - current_mean, 1, 2) @ (rest - rest_mean))
    u[..., 2] *= np.sign(np.linalg.det(u @ vt))[:, None]
    return ((vertices - current_mean) @ (u @ vt) + rest_mean).astype(np.float32)


def _eye_centres(vertices: Float32Array) -> list[Float32Array]:
    return [vertices[..., eyeball, :].mean(-2) for eyeball in EYEBALLS]


@cache
def _head_shapes() -> tuple[Float32Array, list[Float32Array]]:
    """Return how OBSERVABLE_CHANNELS move the head's points, (3 * points, channels) m, and the centres of its eyes."""
    head = load_head()
    marks = head.landmarks
    points = np.concatenate(
        [marks["upper_inner_lip"][HEAD_LIP_ROWS], marks["lower_inner_lip"][HEAD_LIP_ROWS], marks["mouth_corners"]]
    )
    points = np.concatenate([points, [_midline_vertex(head, height) for height in HEAD_HEIGHTS]])
    columns = [head.deltas[channels.FACE.index(name)][points].ravel() for name in OBSERVABLE_CHANNELS]
    middles = [head.vertices[marks[f"eyeball_{side}"]].mean(0) for side in ("left", "right")]
    return np.stack(columns, 1), middles


def _midline_vertex(head: Head, height: float) -> int:
    """The skin's foremost vertex at this height."""
    skin = head.landmarks["skin"]
    near = skin[(np.abs(head.vertices[skin, 0]) < 1e-3) & (np.abs(head.vertices[skin, 2] - height) < 2e-3)]
    return int(near[np.argmin(head.vertices[near, 1])])
