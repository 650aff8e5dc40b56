"""MakeHuman's tongue, with a tongueOut that reaches over the lip, and shapes that raise its tip and its body."""

from __future__ import annotations

import numpy as np

from ....channels import FACE
from ..makehuman import Float64Array, MakeHuman
from ..parts import MOUTH, Part, make_part
from ..topology import smoothstep

MM = 0.001
LOWERED = 8.0 * MM
OUT, OVER_TEETH, DROOP = 36.0 * MM, 5.0 * MM, 13.0 * MM
TIP_LIFT, TIP_FORWARD, TIP_FROM, TIP_NARROW = 24.0 * MM, 2.5 * MM, 0.38, 0.12
BODY_LIFT, BODY_BACK, BODY_SPAN, BODY_NARROW = 15.0 * MM, 2.0 * MM, (-0.25, 0.45, 1.0), 0.15
STATIONS = 200
TIP_NARROWS, TIP_THINS, TIP_ROUND = 0.25, 0.35, 1.1
TONGUE, TONGUE_DEEP = (0.57, 0.28, 0.27), (0.17, 0.06, 0.06)  # sRGB


def tongue_part(human: MakeHuman, vertices: Float64Array) -> Part:
    """Return MakeHuman's tongue with corrected jawOpen and tongueOut."""
    group = human.vertices_of("helper-tongue")
    chosen = human.faces_of("helper-tongue")
    points = vertices[group]
    along, is_upper = forwardness(points), upperness(points) > 0.5
    back = is_upper * smoothstep(1.0, 0.45, along) + ~is_upper * smoothstep(0.7, 0.2, along)
    colours = (1 - back[:, None]) * np.array(TONGUE) + back[:, None] * np.array(TONGUE_DEEP)
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


def tip_up_offsets(points: Float64Array) -> Float64Array:
    """Return offsets (N, 3) of tongueTipUp: the blade rises to the ridge behind the upper teeth of an open jaw."""
    along = forwardness(points)
    blade = smoothstep(TIP_FROM, 1.0, along)
    line = np.linspace(0.0, 1.0, STATIONS)
    rise = smoothstep(TIP_FROM, 1.15, line) / smoothstep(TIP_FROM, 1.15, np.ones(1))
    moved = bent_offsets(points, TIP_LIFT * rise, -TIP_FORWARD * rise)
    moved[:, 0] -= TIP_NARROW * blade * points[:, 0]
    return moved


def body_up_offsets(points: Float64Array) -> Float64Array:
    """Return offsets (N, 3) of tongueBodyUp: the back arches to the palate and becomes narrower; the root stays."""
    along, top = forwardness(points), upperness(points)
    begin, middle, end = BODY_SPAN
    hump = smoothstep(begin, middle, along) * smoothstep(end, middle, along)
    share = hump * (0.75 + 0.25 * top)
    narrow = BODY_NARROW * hump
    return np.stack([-narrow * points[:, 0], BODY_BACK * smoothstep(0.2, 0.8, along), BODY_LIFT * share], axis=1)


def bent_offsets(points: Float64Array, up: Float64Array, back: Float64Array) -> Float64Array:
    """Return offsets (N, 3) of a tongue whose middle line moves, and whose cross sections stay at right angles to it.

    Args:
        points: The tongue at rest (N, 3).
        up: How far the line rises at STATIONS places from root to tip (m).
        back: How far it moves back there (m).
    """
    along, line = forwardness(points), np.linspace(0.0, 1.0, STATIONS)
    middle = middle_line(points, line)
    y = points[:, 1].max() - line * np.ptp(points[:, 1])
    before = np.arctan2(np.gradient(middle), -np.gradient(y))
    after = np.arctan2(np.gradient(middle + up), -np.gradient(y + back))
    turn = np.interp(along, line, after - before)
    offset = points[:, 2] - np.interp(along, line, middle)
    return np.stack(
        [
            np.zeros(len(points)),
            np.interp(along, line, back) + np.sin(turn) * offset,
            np.interp(along, line, up) + (np.cos(turn) - 1) * offset,
        ],
        axis=1,
    )


def middle_line(points: Float64Array, line: Float64Array) -> Float64Array:
    """Return the height (S,) of the middle of the tongue at places along it."""
    along = forwardness(points)
    centred = np.abs(points[:, 0]) < 0.3 * np.abs(points[:, 0]).max()
    return np.polyval(np.polyfit(along[centred], points[centred, 2], 4), line)


def upperness(points: Float64Array) -> Float64Array:
    """Return 0 (N,) at the lower side of the tongue, 1 at its back."""
    middle = middle_line(points, forwardness(points))
    return smoothstep(-3 * MM, 3 * MM, points[:, 2] - middle)
