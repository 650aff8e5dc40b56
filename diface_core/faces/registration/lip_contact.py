"""The lips of a character that touch where the shapes say so."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..transfer.flame_lips import LIP_OPENERS, LIP_PRESSERS
from .front_view import PIXEL, FrontView
from .lip_sides import LipSides
from .openings import Opening
from .target_mesh import TargetMesh
from .attachment import smoothstep

Float64Array = npt.NDArray[np.float64]

REACH = 0.012  # m from the line between the lips: the correction fades to nothing here
EDGE = 0.0025  # m: vertices of a lip this near to the line give its motion
POINTS = 25


class LipContact:
    """The line between a character's lips, and both lips' vertices near it."""

    def __init__(self, target: TargetMesh, view: FrontView, mouth: Opening, lips: LipSides) -> None:
        upper, lower = mouth.upper.points(view), mouth.lower.points(view)
        self.across = np.linspace(upper[0, 0], upper[-1, 0], POINTS)
        self.lines = [_resample(line, self.across) for line in (upper, lower)]
        self.rest_gap = (self.lines[0][:, 2] - self.lines[1][:, 2] - 2 * PIXEL).clip(0)
        self.lips = []
        for side, line in zip((1, -1), self.lines, strict=True):
            chosen = np.flatnonzero((lips.side == side) & target.skin)
            points = target.vertices[chosen]
            away = np.linalg.norm(points[:, None] - line[None], axis=2)
            near = away.min(axis=1) < REACH
            chosen, points, away = chosen[near], points[near], away[near]
            fade = 1 - smoothstep(0.2 * REACH, REACH, away.min(axis=1))
            edge = np.exp(-((away.T / EDGE) ** 2)) + 1e-12
            edge /= edge.sum(axis=1, keepdims=True)
            self.lips.append((chosen, points[:, 0], fade, edge))

    def close(self, name: str, offsets: Float64Array, opened: Float64Array | None = None) -> None:
        """Move both lips in `offsets` (V, 3) so that they touch, if the shape leaves them closed.

        `opened` (V, 3) are the offsets of jawOpen, for mouthClose, which closes what jawOpen and the rest have open.
        """
        if name in LIP_OPENERS or name in LIP_PRESSERS:
            return
        total = offsets if opened is None else offsets + opened
        (upper, upper_x, upper_fade, upper_edge), (lower, lower_x, lower_fade, lower_edge) = self.lips
        if not len(upper) or not len(lower):
            return
        parted = upper_edge @ total[upper] - lower_edge @ total[lower]
        if opened is not None:
            parted[:, 2] += self.rest_gap
        for chosen, x, fade, sign in ((upper, upper_x, upper_fade, -0.5), (lower, lower_x, lower_fade, 0.5)):
            moved = np.stack([np.interp(x, self.across, parted[:, axis]) for axis in range(3)], axis=1)
            offsets[chosen] += sign * fade[:, None] * moved


def _resample(line: Float64Array, across: Float64Array) -> Float64Array:
    return np.stack([across, *(np.interp(across, line[:, 0], line[:, axis]) for axis in (1, 2))], axis=1)
