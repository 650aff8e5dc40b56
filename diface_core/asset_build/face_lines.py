"""Lines and points that FLAME's face and the bundled head have in common: lips, lids, nose, chin, ears."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..faces.flame import topology as topology
from ..faces.head import Head
from .registration import Surface

Float64Array = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]
LidRings = list[tuple[Int32Array, Int32Array]]

LANDMARK_PAIRS = (  # FLAME's vertex, the bundled head's
    (3564, 1541), (3551, 317), (3515, 1559),  # the nose's tip, its foot, under it
    (1607, 3729), (2743, 1543),  # its wings
    (3555, 132), (3495, 220),  # the bridge, between the brows
    (3502, 724), (3401, 1649),  # under the lower lip, the chin
    (443, 4083), (28, 4094), (1306, 1915), (522, 1926),  # the ears' lobes and edges
)  # fmt: skip
CONTACT, VERMILION = 3, 8  # rings of FLAME's mouth: where the lips touch, and the lips' border
LID_RIM, POCKET = (
    4,
    3,
)  # rings of FLAME's eyes: the lids' front edge; rings before POCKET do not exist on the bundled head
OUTSIDE, UPPER, LOWER, CORNER, BEHIND_EYE = 0, 1, 2, -1, -2


@dataclass(frozen=True)
class Curve:
    """A line on FLAME's mesh and the same line on the bundled head, both from -X to +X.

    Attributes:
        vertices: (N,) FLAME vertices on one side of the line.
        others: (N,) FLAME vertices on the other side; the line runs halfway between both.
        line: (M,) vertices of the bundled head.
    """

    vertices: Int32Array
    others: Int32Array
    line: Int32Array

    def fractions(self, positions: Float64Array) -> Float64Array:
        """Return the arc-length fraction (N,) of each of FLAME's points, 0 to 1."""
        return arc_length_fractions((positions[self.vertices] + positions[self.others]) / 2)


def arc_length_fractions(points: Float64Array) -> Float64Array:
    """Return the arc-length fraction of each of the `points` (N, 3) of a line, 0 to 1."""
    run = np.r_[0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))]
    return run / run[-1]


def points_on_line(
    positions: Float64Array, line: Int32Array, fractions: Float64Array
) -> tuple[Int32Array, Float64Array]:
    """Return the points at arc-length `fractions` (N,) of a line.

    Args:
        positions: Vertices (V, 3).
        line: (M,) vertex indices of the line.
        fractions: (N,) 0 to 1.

    Returns:
        Vertex indices (N, 3) and weights (N, 3).
    """
    run = arc_length_fractions(positions[line])
    step = np.clip(np.searchsorted(run, fractions, side="right") - 1, 0, len(line) - 2)
    share = (fractions - run[step]) / (run[step + 1] - run[step])
    return np.stack([line[step], line[step + 1], line[step]], 1), np.stack([1 - share, share, 0 * share], 1)


@dataclass(frozen=True)
class Mouth:
    """The rings of FLAME's mouth (k up to VERMILION), upper and lower halves from -X to +X."""

    upper: list[Int32Array]
    lower: list[Int32Array]


def find_mouth(faces: Int32Array, x: Float64Array) -> Mouth:
    """Find the mouth of FLAME's skin `faces`; `x` (V,) is the coordinate across it."""
    start = topology.border_loop(faces, topology.UPPER_LIP_MIDLINE[0])
    loops = [start, *topology.vertex_rings(topology.vertex_neighbours(faces), start, VERMILION)]
    both = [
        topology.split_loop(loop, x, middle) for loop, middle in zip(loops, topology.UPPER_LIP_MIDLINE, strict=True)
    ]
    return Mouth([upper for upper, _ in both], [lower for _, lower in both])


def find_lids(faces: Int32Array, positions: Float64Array, side: str) -> LidRings:
    """Return rings 1 to LID_RIM + 2 of one eye, upper and lower lid from -X to +X."""
    loops = topology.vertex_rings(topology.vertex_neighbours(faces), [topology.EYE_POCKETS[side]], LID_RIM + 2)
    return [topology.split_loop(loop, positions[:, 0], loop[int(np.argmax(positions[loop, 2]))]) for loop in loops]


def shared_curves(mouth: Mouth, lids: dict[str, LidRings], head: Head) -> dict[str, Curve]:
    """Return the lines that both faces have, by name."""
    marks = head.landmarks
    right, left = marks["mouth_corners"]
    outer = topology.split_loop(
        marks["outer_lip"].tolist(), head.vertices[:, 0].astype(float), int(marks["outer_lip"][0])
    )
    upper, lower = mouth.upper, mouth.lower
    curves = {
        "upper_lip": Curve(upper[CONTACT], upper[CONTACT], np.r_[right, marks["upper_inner_lip"], left]),
        "upper_border": Curve(upper[VERMILION], upper[VERMILION], outer[0]),
        "lower_border": Curve(lower[VERMILION], lower[VERMILION], outer[1]),
        # FLAME's lower lip is round where the upper one touches it, between two of its rings.
        "lower_lip": Curve(lower[CONTACT], lower[CONTACT + 1], np.r_[right, marks["lower_inner_lip"], left]),
    }
    for side, rings in lids.items():
        for name, rim in zip(("upper", "lower"), rings[LID_RIM - 1], strict=True):
            line = marks[f"{name}_lid_{side.lower()}"]
            line = line if side == "Left" else line[::-1]
            curves[f"{name}_lid_{side.lower()}"] = Curve(rim, rim, line)
    return curves


def head_surface(head: Head) -> Surface:
    """Return the bundled head's skin with its lips and the inside of its mouth as parts."""
    at, skin = head.vertices.astype(float), head.landmarks["skin"]
    faces = head.triangles()
    faces = faces[np.isin(faces, skin).all(axis=1)]
    lining = np.unique(head.triangles("Mouth"))
    in_mouth = np.isin(faces, np.r_[head.landmarks["lips"], lining]).all(axis=1)
    right, left = head.landmarks["mouth_corners"]
    line = at[np.r_[right, head.landmarks["upper_inner_lip"], left]]
    middle = at[faces].mean(1)
    above = middle[:, 2] > np.interp(middle[:, 0], line[:, 0], line[:, 2])
    return Surface(at, faces, np.where(in_mouth, np.where(above, UPPER, LOWER), OUTSIDE).astype(np.int32))


def skin_parts(mouth: Mouth, lids: dict[str, LidRings]) -> Int32Array:
    """Return which part of the head each vertex of FLAME's skin is registered to."""
    parts = np.full(topology.SKIN_VERTEX_COUNT, OUTSIDE, np.int32)
    for upper, lower in zip(mouth.upper[:VERMILION], mouth.lower[:VERMILION], strict=True):
        parts[upper], parts[lower] = UPPER, LOWER
        parts[upper[[0, -1]]] = CORNER  # both parts, constrained by the lines
    for side, rings in lids.items():
        parts[topology.EYE_POCKETS[side]] = BEHIND_EYE
        for both in rings[: POCKET - 1]:
            parts[np.concatenate(both)] = BEHIND_EYE
    return parts
