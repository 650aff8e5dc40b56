"""Weights of the bundled head's neck: how far each vertex stays with the shoulders while the head turns."""

from __future__ import annotations

import numpy as np

from ...core import head_file

FRONT, BACK = (-0.100, -0.098), (0.080, -0.030)
"""Y and Z in metres of two points of the plane above which a vertex follows the head: below the chin, at the nape."""
COLLAR_MARGIN = 0.004
"""How far above the edge of the collar the skin stays still, in metres: it must not slide out of the shirt."""
AXIS_Y = 0.025
"""Y of the middle of the neck at the collar, in metres."""


def neck_weights(head: head_file.Head) -> np.ndarray:
    """Return one weight (V,) float32 per vertex: 0 follows the head, 1 stays with the shoulders.

    The shirt and the skin below its collar stay. From there to the chin and the nape the weight falls off smoothly.
    """
    points = head.vertices.astype(np.float64)
    slope = (BACK[1] - FRONT[1]) / (BACK[0] - FRONT[0])
    below_head = np.maximum(FRONT[1] + slope * (points[:, 1] - FRONT[0]) - points[:, 2], 0.0)
    above_collar = np.maximum(points[:, 2] - _collar_height(head, points) - COLLAR_MARGIN, 0.0)
    share = below_head / np.maximum(below_head + above_collar, 1e-9)
    weights = share * share * (3.0 - 2.0 * share)
    movable = np.zeros(len(points), bool)
    movable[head.landmarks["skin"]] = True
    weights[~movable] = 0.0
    weights[head.landmarks["shirt"]] = 1.0
    return weights.astype(np.float32)


def _collar_height(head: head_file.Head, points: np.ndarray) -> np.ndarray:
    """Return the height of the collar's edge in the direction of each point, seen from the middle of the neck."""
    shirt = head.vertices[head.landmarks["shirt"]].astype(np.float64)
    angles = _angle(shirt)
    bins = np.linspace(-np.pi, np.pi, 37)
    width = bins[1] - bins[0]
    heights = np.array([shirt[np.abs(_wrap(angles - middle)) < width, 2].max() for middle in bins])
    return np.interp(_angle(points), bins, heights)


def _angle(points: np.ndarray) -> np.ndarray:
    return np.arctan2(points[:, 0], AXIS_Y - points[:, 1])


def _wrap(angles: np.ndarray) -> np.ndarray:
    return (angles + np.pi) % (2 * np.pi) - np.pi
