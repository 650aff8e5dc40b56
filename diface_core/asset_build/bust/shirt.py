"""A plain dark crew-neck shirt that ends the bust."""

from __future__ import annotations

import numpy as np

from .makehuman import Float64Array
from .parts import SHIRT, Part, grid_faces, make_part
from .skin import Skin
from .topology import vertex_normals

MM = 0.001
CLOTH, RIB = (0.135, 0.150, 0.175), (0.115, 0.128, 0.150)
# Between which two neck loops (shoulders first), how far along, and the distance from the skin (mm).
COLLAR = (
    (2, 1, 0.30, -2.0),
    (2, 1, 0.28, 2.6),
    (2, 1, 0.45, 4.2),
    (2, 1, 0.80, 4.2),
    (2, 1, 0.86, 2.6),
    (1, 0, 0.5, 3.0),
    (1, 0, 1.0, 3.5),
)
BASE_HALF_WIDTH, BASE_FRONT, BASE_BACK, BASE_DROP = 178 * MM, 72 * MM, 62 * MM, 105 * MM
EXTENSION = (0.2, 0.42, 0.65, 0.85, 1.0)


def shirt_part(skin: Skin) -> Part:
    """Return the cloth from the collar down, lofted outward from the loops around the neck."""
    loops = skin.neck
    normals = vertex_normals(skin.vertices, skin.faces)
    rings = []
    for near, far, share, off in COLLAR:
        point = (1 - share) * skin.vertices[loops[near]] + share * skin.vertices[loops[far]]
        normal = (1 - share) * normals[loops[near]] + share * normals[loops[far]]
        rings.append(point + normal / np.linalg.norm(normal, axis=1, keepdims=True) * off * MM)
    rings += base_rings(rings[-2], rings[-1])
    rings.append(rings[-1] * [0.93, 0.93, 1.0] + [0.0, 0.07 * rings[-1][:, 1].mean(), -2 * MM])
    count = len(loops[0])
    colours = np.repeat([RIB if 1 <= k <= 3 else CLOTH for k in range(len(rings))], count, axis=0)
    faces = grid_faces(len(rings), count, closed=True)[:, ::-1]
    return make_part(np.concatenate(rings), faces, SHIRT, colours)


def base_rings(before: Float64Array, last: Float64Array) -> list[Float64Array]:
    """Return rings that continue from `last` (N, 3) in its direction and curve down to the bust's base."""
    middle = (last.min(axis=0) + last.max(axis=0)) / 2
    around = np.arctan2((last[:, 0] - middle[0]) / np.ptp(last[:, 0]), -(last[:, 1] - middle[1]) / np.ptp(last[:, 1]))
    sideways, forward = np.sin(around), np.cos(around)
    base = np.stack(
        [
            middle[0] + BASE_HALF_WIDTH * np.sign(sideways) * np.abs(sideways) ** 0.8,
            middle[1] - np.where(forward > 0, BASE_FRONT, BASE_BACK) * np.sign(forward) * np.abs(forward) ** 0.8,
            np.full(len(last), last[:, 2].min() - BASE_DROP),
        ],
        axis=1,
    )
    direction = last - before
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    reach = np.linalg.norm(base - last, axis=1, keepdims=True)
    bend, above = last + direction * reach * 0.5, base + [0, 0, 1] * reach * 0.45
    return [
        (1 - t) ** 3 * last + 3 * t * (1 - t) ** 2 * bend + 3 * t**2 * (1 - t) * above + t**3 * base for t in EXTENSION
    ]
