"""Vertex colours of the skin, and which of its faces are the mouth's lining."""

from __future__ import annotations

import numpy as np

from .features.eyeball import Eyeball
from .makehuman import Float64Array, Int64Array
from .skin import INSIDE, LEFT_CORNER, Skin, neck_fade
from .topology import smoothstep, vertex_normals

MM = 0.001
BASE = np.array([0.77, 0.565, 0.455])
LIP = np.array([0.665, 0.40, 0.365])
BLUSH = np.array([0.80, 0.475, 0.395])
WARM = np.array([0.74, 0.49, 0.395])
LID = np.array([0.62, 0.43, 0.365])
WET = np.array([0.72, 0.42, 0.385])
SHADOW = np.array([0.36, 0.20, 0.16])
STUBBLE = np.array([0.20, 0.145, 0.12])
LINING, THROAT = np.array([0.50, 0.20, 0.20]), np.array([0.10, 0.03, 0.03])
LIP_LOOPS = (0.25, 0.8, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
LID_RINGS = (0.9, 0.9, 0.55, 0.75, 0.6, 0.5, 0.38, 0.22, 0.1)
CAVITY, SHALLOW = 260.0, 0.10  # darkening per metre that a vertex lies under its neighbours' mean, less the minimum


def skin_colours(skin: Skin, eyes: dict[str, Eyeball], scalp: Float64Array) -> Float64Array:
    """Return sRGB colours (V, 3); `scalp` (V,) is 1 under the hair."""
    at = skin.vertices
    colours = np.tile(BASE, (len(at), 1))

    def mix(colour: Float64Array, share: Float64Array) -> None:
        share = np.clip(share, 0.0, 1.0)[:, None]
        colours[:] = (1 - share) * colours + share * colour

    def near(point: Float64Array, radius: float) -> Float64Array:
        return np.exp(-np.square(at - point).sum(axis=1) / (2 * (radius * MM) ** 2))

    nose = at[np.argmin(at[:, 1])]
    mix(WARM, 0.75 * near(nose, 11) + 0.35 * near(nose + [0, 0.006, 0.02], 12))
    for side, eye in eyes.items():
        out = 1.0 if side == "Left" else -1.0
        mix(BLUSH, 0.36 * near(eye.centre + np.array([out * 10, -6, -33]) * MM, 20))
        mix(WARM, 0.85 * near(ear_centre(at, out), 17))
        mix(LID, 0.15 * near(eye.centre + np.array([-out * 4, -14, -13]) * MM, 8))
        mix(LID, np.maximum(lid_darkness(skin, side), 0.0))
        mix(WET, 0.8 * near(at[skin.lids[side][0, 0, 0]], 3.2))
    mix(WARM, 0.3 * near(at[skin.mouth[0, 19]] + [0, 0, -0.022], 12))
    mix(STUBBLE, 0.95 * scalp**1.3)
    mix(LIP, lip_redness(skin))
    for corner in skin.upper_lip()[[0, -1]]:
        mix(SHADOW, 0.5 * near(at[corner], 2.2))
    mix(SHADOW, hollow_shading(skin))
    inner = mouth_lining(skin)
    depth = smoothstep(at[skin.mouth[INSIDE], 1].min(), at[skin.mouth[INSIDE], 1].min() + 0.045, at[:, 1])
    colours[inner] = ((1 - depth)[:, None] * LINING + depth[:, None] * THROAT)[inner]
    return colours


def ear_centre(at: Float64Array, out: float) -> Float64Array:
    """Return the middle of one ear."""
    return at[
        (out * at[:, 0] > 0.97 * at[at[:, 2] > np.median(at[:, 2]), 0].max()) & (at[:, 2] > np.median(at[:, 2]))
    ].mean(0)


def lip_redness(skin: Skin) -> Float64Array:
    """Return how red each vertex (V,) is as part of the lips, 0 to 1."""
    share = np.zeros(len(skin.vertices))
    steps = np.arange(skin.mouth.shape[1])
    from_corner = np.minimum(np.abs(steps - LEFT_CORNER), np.abs(steps - (len(steps) - LEFT_CORNER)))
    for index, (loop, red) in enumerate(zip(skin.mouth, LIP_LOOPS, strict=False)):
        corner = np.clip((from_corner + index * 0.5) / 3.5, 0.15, 1.0)
        share[loop] = red * corner
    return share


def lid_darkness(skin: Skin, side: str) -> Float64Array:
    """Return how dark each vertex (V,) is as part of one eye's lids, 0 to 1."""
    share = np.zeros(len(skin.vertices))
    for ring, dark in zip(skin.lids[side], LID_RINGS, strict=True):
        share[ring[0]] = dark
        share[ring[1]] = dark * 0.6
    return share


def hollow_shading(skin: Skin) -> Float64Array:
    """Return how shaded each vertex (V,) is because it lies deeper than its surroundings."""
    normals = vertex_normals(skin.vertices, skin.faces)
    depth = np.zeros(len(skin.vertices))
    for rounds in (2, 6):
        around = skin.topology.smooth(skin.vertices, rounds)
        depth += ((around - skin.vertices) * normals).sum(axis=1)
    depth = skin.topology.smooth(depth, 1) * neck_fade(skin.topology, skin.neck[0])
    return np.clip(depth * CAVITY - SHALLOW, 0.0, 0.75)


def mouth_lining(skin: Skin) -> Int64Array:
    """Return the vertices of the mouth's lining."""
    fence = skin.mouth[INSIDE]
    seed = next(iter(set(skin.mouth[INSIDE + 1].tolist())))
    return np.array(sorted(skin.topology.flood(seed, fence.tolist())))
