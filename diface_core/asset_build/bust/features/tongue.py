"""MakeHuman's tongue, with a tongueOut that reaches over the lip."""

from __future__ import annotations

import numpy as np

from ....channels import FACE
from ..makehuman import Float64Array, MakeHuman
from ..parts import MOUTH, Part, make_part
from ..topology import smoothstep

MM = 0.001
LOWERED = 8.0 * MM
OUT, OVER_TEETH, DROOP = 36.0 * MM, 5.0 * MM, 13.0 * MM
TIP_NARROWS, TIP_THINS, TIP_ROUND = 0.25, 0.35, 1.1
TONGUE, TONGUE_DEEP = (0.57, 0.28, 0.27), (0.17, 0.06, 0.06)  # sRGB


def tongue_part(human: MakeHuman, vertices: Float64Array) -> Part:
    """Return MakeHuman's tongue with corrected jawOpen and tongueOut."""
    group = human.vertices_of("helper-tongue")
    chosen = human.faces_of("helper-tongue")
    points = vertices[group]
    back = smoothstep(1.0, 0.45, forwardness(points))[:, None]
    colours = (1 - back) * np.array(TONGUE) + back * np.array(TONGUE_DEEP)
    deltas = np.stack([human.face_unit(name)[group] for name in FACE])
    deltas[FACE.index("jawOpen")] += lowered_offsets(points)
    deltas[FACE.index("tongueOut")] = tongue_out_offsets(points)
    return make_part(
        points, np.searchsorted(group, human.faces[chosen]), MOUTH, colours, deltas, human.face_uvs[chosen]
    )


def forwardness(points: Float64Array) -> Float64Array:
    """Return the position along the tongue (N,) of each point: 0 at the root, 1 at the tip."""
    y = points[:, 1]
    return (y.max() - y) / np.ptp(y)


def lowered_offsets(points: Float64Array) -> Float64Array:
    """Return offsets (N, 3) that lower the tongue's back in an open mouth further than the jaw does."""
    along = forwardness(points)
    down = LOWERED * np.sin(np.pi * np.clip(along * 0.9, 0, 1))
    return np.stack([0 * down, 0 * down, -down], axis=1)


def tongue_out_offsets(points: Float64Array) -> Float64Array:
    """Return offsets (N, 3) of tongueOut: forward over the lower lip, narrowing and curving down at the tip."""
    along = forwardness(points)
    middle = points[:, 2].mean()
    narrow = TIP_NARROWS * smoothstep(0.5, 1.0, along)
    thin = TIP_THINS * smoothstep(0.3, 1.0, along)
    rise = OVER_TEETH * np.sin(np.pi * along.clip(0, 1)) - DROOP * smoothstep(0.7, 1.0, along) ** 1.5
    round_tip = 1 - TIP_ROUND * np.square(points[:, 0] / np.abs(points[:, 0]).max()) * smoothstep(0.6, 1.0, along)
    return np.stack(
        [
            -narrow * points[:, 0],
            -OUT * round_tip * smoothstep(0.05, 1.0, along),
            rise - thin * (points[:, 2] - middle),
        ],
        axis=1,
    )
