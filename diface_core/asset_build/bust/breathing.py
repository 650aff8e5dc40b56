"""The breathIn shape: chest and shoulders rise and widen, the neck follows, the nostrils flare slightly."""

from __future__ import annotations

import numpy as np

from .makehuman import Float64Array, Int64Array
from .topology import smoothstep

MM = 0.001
CHIN, COLLAR, CHEST = -80 * MM, -150 * MM, -240 * MM  # heights about the pivot: still, moving whole, fullest
NECK_WIDTH, SHOULDER_WIDTH = 50 * MM, 150 * MM
BACK, FRONT = 50 * MM, -40 * MM
LIFT, SHOULDER_LIFT, FORWARD, OUTWARD = 4.0 * MM, 3.5 * MM, 7.0 * MM, 2.5 * MM
NOSTRIL, NOSTRIL_RADIUS, FLARE = np.array([13.0, -100.0, -1.0]) * MM, 6.0 * MM, 0.6 * MM


def breath_offsets(points: Float64Array, skin: Int64Array, shirt: Int64Array) -> Float64Array:
    """Return offsets (V, 3) m of a deep breath in.

    One field over space moves skin and shirt, so that the neck stays inside its collar.

    Args:
        points: Vertices (V, 3) m about the pivot.
        skin: Vertex indices that move with the skin.
        shirt: Vertex indices that move with the shirt. All other vertices have offset 0.
    """
    offsets = np.zeros_like(points)
    for part in (skin, shirt):
        offsets[part] = torso_offsets(points[part])
    offsets[skin] += nostril_offsets(points[skin])
    return offsets


def torso_offsets(points: Float64Array) -> Float64Array:
    """Return the offsets of ribs and shoulders: up, forward and out, from 0 under the chin to full at the collar."""
    x, y, z = points.T
    moving, chest = smoothstep(CHIN, COLLAR, z), smoothstep(CHIN, CHEST, z)
    shoulder, front = smoothstep(NECK_WIDTH, SHOULDER_WIDTH, np.abs(x)), smoothstep(BACK, FRONT, y)
    return np.stack(
        [
            OUTWARD * np.sign(x) * shoulder * moving,
            -FORWARD * front * chest,
            (LIFT + SHOULDER_LIFT * shoulder) * moving,
        ],
        axis=1,
    )


def nostril_offsets(points: Float64Array) -> Float64Array:
    """Return the offsets of the wings of the nose, which move slightly apart."""
    offsets = np.zeros_like(points)
    for side in (1.0, -1.0):
        apart = np.linalg.norm(points - NOSTRIL * [side, 1, 1], axis=1)
        offsets[:, 0] += side * FLARE * smoothstep(2 * NOSTRIL_RADIUS, 0.0, apart)
    return offsets
