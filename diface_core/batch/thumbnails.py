"""Small pictures of a motion on the bundled head: at rest, at its clearest closure, and at its widest opening.

With numpy alone. Triangles are drawn as points, enough of them that no pixel stays empty; the farthest triangles first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from .. import channels
from ..faces.head import load_head
from ..faces.lip_geometry import lip_gap
from ..faces.meshes.png_file import png
from ..types import Float32Array, Motion

SIZE = 72
"""Pixels of a picture's side."""
BACKGROUND = 236
POINTS_PER_PIXEL = 1.0
"""Along each direction of a triangle."""
LIGHT = np.array([-0.35, -0.8, 0.5], np.float32)
AMBIENT = 0.35
CLOSURE_SECONDS = 0.3
"""The clearest closure is the one with the widest opening within this time."""
SHUT_MM = 1.0

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class _Sketch:
    """The front of the bundled head, ready to be drawn.

    Attributes:
        rest: (V, 3) positions in pixels: to the right, away from the viewer, and up.
        deltas: (52, V * 3) the same of the channels.
        corners: (T, 3) vertices of the triangles.
        colours: (T, 3) 0 to 255.
        triangle: (P,) the triangle of each point.
        weights: (P, 3) of its corners.
    """

    rest: Float32Array
    deltas: Float32Array
    corners: npt.NDArray[np.intp]
    colours: Float32Array
    triangle: npt.NDArray[np.intp]
    weights: Float32Array


def picture_of(motion: Motion) -> bytes | None:
    """Return a PNG with three pictures side by side; None for a motion without a face."""
    if not set(channels.FACE) <= set(motion.channels) or not len(motion):
        return None
    weights = motion.select(channels.FACE).values
    rows = shown_rows(weights, motion.rate.value)
    return png(np.concatenate([draw(weights[row]) for row in rows], axis=1))


def shown_rows(weights: Float32Array, rate: float) -> tuple[int, int, int]:
    """Return the rows of face weights (T, 52) that are shown.

    Returns:
        The row at which the face moves least from its first pose to the next ones, the clearest closure, the widest
        opening.
    """
    gap = lip_gap(weights)
    window = max(1, round(CLOSURE_SECONDS * rate))
    around = np.lib.stride_tricks.sliding_window_view(np.pad(gap, window), 2 * window + 1).max(axis=1)
    shut = gap < max(SHUT_MM, float(gap.min()) + 1e-6)
    closure = int(np.argmax(np.where(shut, around, -1.0)))
    return int(np.argmin(np.abs(weights).sum(axis=1))), closure, int(np.argmax(gap))


def draw(weights: Float32Array) -> Pixels:
    """Return a picture (SIZE, SIZE, 3) of the bundled head with face weights (52,)."""
    sketch = _sketch()
    vertices = sketch.rest + (weights.astype(np.float32) @ sketch.deltas).reshape(-1, 3)
    corners = vertices[sketch.corners]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    shade = AMBIENT + (1 - AMBIENT) * np.clip(normals @ (LIGHT / np.linalg.norm(LIGHT)), 0, 1)
    colours = np.clip(sketch.colours * shade[:, None], 0, 255).astype(np.uint8)
    flat = corners[..., 0::2].reshape(len(corners), 6)[sketch.triangle].reshape(-1, 3, 2)
    points = np.einsum("pc,pcx->px", sketch.weights, flat)
    column, row = points[:, 0].astype(np.intp), (SIZE - 1 - points[:, 1]).astype(np.intp)
    nearness = np.empty(len(corners), np.uint16)
    nearness[np.argsort(-corners[..., 1].sum(axis=1))] = np.arange(len(corners))
    order = np.argsort(nearness[sketch.triangle], kind="stable")  # of 16 bits, which numpy sorts by radix
    order = order[((column >= 0) & (column < SIZE) & (row >= 0) & (row < SIZE))[order]]
    image = np.full((SIZE * SIZE, 3), BACKGROUND, np.uint8)
    image[(row * SIZE + column)[order]] = colours[sketch.triangle[order]]
    return image.reshape(SIZE, SIZE, 3)


@lru_cache(maxsize=1)
def _sketch() -> _Sketch:
    head = load_head()
    face = head.vertices[head.landmarks["face"]]
    low, high = face.min(axis=0), face.max(axis=0)
    scale = 0.92 * SIZE / (high[2] - low[2])
    centre = (low + high) / 2
    rest = (head.vertices - centre) * scale + np.array([SIZE / 2, 0, SIZE / 2])
    triangles = head.triangles()
    corners = rest[triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    margin = 0.1 * SIZE
    inside = ((corners[..., 0::2] > -margin) & (corners[..., 0::2] < SIZE + margin)).all(axis=(1, 2))
    kept = inside & (normals[:, 1] < 0.3 * np.linalg.norm(normals, axis=1)) & (corners[..., 1].min(axis=1) < 0.6 * SIZE)
    triangles = triangles[kept]
    used, corners_of_used = np.unique(triangles, return_inverse=True)
    deltas = (scale * head.deltas[:, used]).reshape(len(channels.FACE), -1).astype(np.float32)
    colours = 255 * head.colours[triangles][..., :3].mean(axis=1) / max(1.0, float(head.colours.max()))
    drawn = corners_of_used.reshape(-1, 3)
    triangle, weights = _points(rest[used].astype(np.float32), deltas, drawn)
    return _Sketch(rest[used].astype(np.float32), deltas, drawn, colours.astype(np.float32), triangle, weights)


def _points(
    rest: Float32Array, deltas: Float32Array, corners: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.intp], Float32Array]:
    """Return the triangle (P,) and the weights (P, 3) of the points, dense enough for each channel alone."""
    length = np.zeros(len(corners))
    for delta in (np.zeros_like(deltas[0]), *deltas):
        posed = (rest + delta.reshape(-1, 3))[corners]
        sides = np.linalg.norm(np.roll(posed, 1, axis=1)[..., 0::2] - posed[..., 0::2], axis=2)
        length = np.maximum(length, sides.max(axis=1))
    steps = np.maximum(1, np.ceil(POINTS_PER_PIXEL * length)).astype(int)
    triangle, weights = [], []
    for step in np.unique(steps):
        first, second = np.array([(i, j) for i in range(step) for j in range(step - i)], np.float64).T
        grid = np.stack([first + 1 / 3, second + 1 / 3, step - first - second - 2 / 3], axis=1) / step
        these = np.flatnonzero(steps == step)
        triangle.append(np.repeat(these, len(grid)))
        weights.append(np.tile(grid, (len(these), 1)))
    return np.concatenate(triangle), np.concatenate(weights).astype(np.float32)
