"""The lines and points that FLAME's face and the bundled head's have in common: lips, lids, nose, chin, ears."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..faces.flame import topology as topology
from ..faces.head import Head
from ..faces.transfer.registration import Surface

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Lids = list[tuple[Ints, Ints]]

POINTS = (  # FLAME's vertex, the bundled head's
    (3564, 1541), (3551, 317), (3515, 1559),  # the nose's tip, its foot, under it
    (1607, 3729), (2743, 1543),  # its wings
    (3555, 132), (3495, 220),  # the bridge, between the brows
    (3502, 724), (3401, 1649),  # under the lower lip, the chin
    (443, 4083), (28, 4094), (1306, 1915), (522, 1926),  # the ears' lobes and edges
)  # fmt: skip
CONTACT, VERMILION = 3, 8  # rings of FLAME's mouth: where the lips touch, and the lips' border
LID_RIM, POCKET = 4, 3  # rings of FLAME's eyes: the lids' front edge; before POCKET what the bundled head has not
OUTSIDE, UPPER, LOWER, CORNER, BEHIND_EYE = 0, 1, 2, -1, -2


@dataclass(frozen=True)
class Curve:
    """A line of FLAME's, halfway between `vertices` (N,) and `others` (N,), and the same line of the bundled head's
    vertices `line` (M,), both from -X to +X."""

    vertices: Ints
    others: Ints
    line: Ints

    def fractions(self, at: Floats) -> Floats:
        """How far along each of FLAME's points (N,) is, 0 to 1."""
        return lengths((at[self.vertices] + at[self.others]) / 2)


def lengths(points: Floats) -> Floats:
    """How far along a line each of its `points` (N, 3) is, 0 to 1."""
    run = np.r_[0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))]
    return run / run[-1]


def on_line(at: Floats, line: Ints, fractions: Floats) -> tuple[Ints, Floats]:
    """The vertices (N, 3) and weights (N, 3) of the points `fractions` along a line of vertices at `at` (V, 3)."""
    run = lengths(at[line])
    step = np.clip(np.searchsorted(run, fractions, side="right") - 1, 0, len(line) - 2)
    share = (fractions - run[step]) / (run[step + 1] - run[step])
    return np.stack([line[step], line[step + 1], line[step]], 1), np.stack([1 - share, share, 0 * share], 1)


@dataclass(frozen=True)
class Mouth:
    """The rings of FLAME's mouth (k up to VERMILION), upper and lower halves from -X to +X."""

    upper: list[Ints]
    lower: list[Ints]


def mouth_of(faces: Ints, x: Floats) -> Mouth:
    """The mouth of FLAME's skin `faces`; `x` (V,) is across it."""
    start = topology.border(faces, topology.UPPER_MIDDLE[0])
    loops = [start, *topology.rings(topology.graph(faces), start, VERMILION)]
    both = [topology.halves(loop, x, middle) for loop, middle in zip(loops, topology.UPPER_MIDDLE, strict=True)]
    return Mouth([upper for upper, _ in both], [lower for _, lower in both])


def lids_of(faces: Ints, at: Floats, side: str) -> Lids:
    """Rings 1 to LID_RIM + 2 of one eye, upper and lower lid from -X to +X."""
    loops = topology.rings(topology.graph(faces), [topology.EYE_POCKETS[side]], LID_RIM + 2)
    return [topology.halves(loop, at[:, 0], loop[int(np.argmax(at[loop, 2]))]) for loop in loops]


def curves_of(mouth: Mouth, lids: dict[str, Lids], head: Head) -> dict[str, Curve]:
    """The lines that both faces have, by name."""
    marks = head.landmarks
    right, left = marks["mouth_corners"]
    outer = topology.halves(marks["outer_lip"].tolist(), head.vertices[:, 0].astype(float), int(marks["outer_lip"][0]))
    upper, lower = mouth.upper, mouth.lower
    curves = {
        "upper_lip": Curve(upper[CONTACT], upper[CONTACT], np.r_[right, marks["upper_inner_lip"], left]),
        "upper_border": Curve(upper[VERMILION], upper[VERMILION], outer[0]),
        "lower_border": Curve(lower[VERMILION], lower[VERMILION], outer[1]),
        # FLAME's lower lip is round where the upper one lies on it, between two of its rings.
        "lower_lip": Curve(lower[CONTACT], lower[CONTACT + 1], np.r_[right, marks["lower_inner_lip"], left]),
    }
    for side, rings in lids.items():
        for name, rim in zip(("upper", "lower"), rings[LID_RIM - 1], strict=True):
            line = marks[f"{name}_lid_{side.lower()}"]
            line = line if side == "Left" else line[::-1]
            curves[f"{name}_lid_{side.lower()}"] = Curve(rim, rim, line)
    return curves


def surface_of(head: Head) -> Surface:
    """The bundled head's skin, its lips and the inside of its mouth as parts."""
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


def parts_of(mouth: Mouth, lids: dict[str, Lids]) -> Ints:
    """Which part of the head each vertex of FLAME's skin belongs on."""
    parts = np.full(topology.SKIN, OUTSIDE, np.int32)
    for upper, lower in zip(mouth.upper[:VERMILION], mouth.lower[:VERMILION], strict=True):
        parts[upper], parts[lower] = UPPER, LOWER
        parts[upper[[0, -1]]] = CORNER  # both, and held by the lines
    for side, rings in lids.items():
        parts[topology.EYE_POCKETS[side]] = BEHIND_EYE
        for both in rings[: POCKET - 1]:
            parts[np.concatenate(both)] = BEHIND_EYE
    return parts
