"""Two rows of teeth with gums, modelled along MakeHuman's dental arch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ....channels import FACE
from ..makehuman import Float64Array, Int64Array, MakeHuman
from ..parts import MOUTH, TEETH, Part, grid_faces, join_parts, make_part
from ..topology import smoothstep

MM = 0.001
WIDTHS = (8.6, 6.9, 7.9, 7.2, 7.0, 9.6, 9.2)  # mm, incisors to molars, upper row
LOWER_WIDTHS = (5.8, 6.2, 7.0, 7.2, 7.4, 10.2, 9.6)
HEIGHTS = (10.0, 9.0, 9.8, 8.2, 7.6, 7.0, 6.6)  # mm from gum to edge
LOWER_HEIGHTS = (8.4, 8.6, 9.4, 8.2, 7.6, 7.0, 6.6)
DEPTHS = (6.4, 6.0, 7.4, 8.6, 8.8, 10.0, 10.0)  # mm, front to back at the gum
EDGE_DEPTHS = (1.8, 1.8, 2.2, 5.5, 6.0, 8.2, 8.2)
EDGE_WIDTHS = (0.95, 0.90, 0.58, 0.66, 0.70, 0.80, 0.80)  # of the widest
CORNERS = 8
LEVELS = (-0.25, 0.12, 0.55, 0.86, 1.0)  # along a crown, gum to edge
WIDTH_AT = (0.78, 0.88, 1.0, 0.99)  # then EDGE_WIDTHS
ARCH_POWER = 2.1
SHOWING = 2.0 * MM  # how much further than MakeHuman's the upper teeth reach below the resting lip
OVERBITE = 1.6 * MM  # how far the upper incisors' edges are below the lower ones'
OVERJET = 3.4 * MM  # how far they are in front of them

ENAMEL, ENAMEL_AT_GUM = (0.83, 0.80, 0.73), (0.74, 0.66, 0.55)
SHADED = (
    1.0,
    0.98,
    0.92,
    0.80,
    0.68,
    0.55,
    0.45,
)  # brightness, incisors to molars: the mouth is darker towards the back
GUM, GUM_DEEP = (0.70, 0.37, 0.36), (0.52, 0.23, 0.23)
# The gum's section from the lip's side over the ridge to the tongue's: outward and rootward mm.
GUM_SECTION = ((1.6, 9.0), (2.6, 5.0), (2.9, 2.0), (2.0, 0.0), (-4.6, 0.0), (-6.6, 2.5), (-8.6, 8.0))
PAPILLA = 1.7  # mm that the gum reaches further between two teeth


@dataclass(frozen=True)
class Arch:
    """A dental arch: half an ellipse of half width `width` from `back` (y) to `front` (y), edges at `edge` (z)."""

    width: float
    front: float
    back: float
    edge: float
    rootward: float  # +1 for the upper row, -1 for the lower

    def sample(self, lengths: Float64Array) -> tuple[Float64Array, Float64Array]:
        """Return points (N, 2) and outward unit normals (N, 2) in x, y at positions along the arch.

        Args:
            lengths: (N,) m from the middle, left positive.
        """
        t = np.linspace(-np.pi / 2, np.pi / 2, 721)
        power = 2 / ARCH_POWER
        x = self.width * np.sign(t) * np.abs(np.sin(t)) ** power
        y = self.back + (self.front - self.back) * np.cos(t).clip(0) ** power
        walked = np.cumsum(np.r_[0, np.hypot(np.diff(x), np.diff(y))])
        walked -= walked[len(t) // 2]
        points = np.stack([np.interp(lengths, walked, x), np.interp(lengths, walked, y)], axis=1)
        step = 0.4 * MM
        ahead = np.stack([np.interp(lengths + step, walked, x), np.interp(lengths + step, walked, y)], axis=1)
        behind = np.stack([np.interp(lengths - step, walked, x), np.interp(lengths - step, walked, y)], axis=1)
        tangent = ahead - behind
        tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
        return points, np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)


def teeth_parts(human: MakeHuman, vertices: Float64Array) -> dict[str, Part]:
    """Return the upper and the lower teeth with their gums and offsets."""
    upper_group = human.vertices_of("helper-upper-teeth")
    lower_group = human.vertices_of("helper-lower-teeth")
    upper, lower = arches(vertices[upper_group], vertices[lower_group])
    above = tooth_row(upper, WIDTHS, HEIGHTS)
    below = tooth_row(lower, LOWER_WIDTHS, LOWER_HEIGHTS)
    follow = np.stack([fit_affine(vertices[lower_group], human.face_unit(name)[lower_group]) for name in FACE])
    moved = np.einsum("vi,kij->kvj", np.c_[below.vertices, np.ones(len(below.vertices))], follow)
    return {"upper_teeth": above, "lower_teeth": replace(below, deltas=moved)}


def arches(upper: Float64Array, lower: Float64Array) -> tuple[Arch, Arch]:
    """Return the two arches that fill the places of MakeHuman's teeth `upper` and `lower` (N, 3)."""
    width, front, back = np.abs(upper[:, 0]).max(), upper[:, 1].min(), upper[:, 1].max()
    edge = upper[:, 2].min() - SHOWING
    inward = 3.0 * MM  # the arch runs through the teeth's middles
    return (
        Arch(width - inward, front + inward, back, edge, 1.0),
        Arch(width - inward - 1.8 * MM, front + inward + OVERJET, back, edge + OVERBITE, -1.0),
    )


def tooth_row(arch: Arch, widths: tuple[float, ...], heights: tuple[float, ...]) -> Part:
    """Return fourteen teeth and their gum."""
    sides = np.array(widths) * MM
    centres = np.cumsum(sides) - sides / 2
    ends = np.cumsum(sides)
    teeth = [
        tooth(arch, side * centres[i], sides[i], heights[i] * MM, i) for side in (-1.0, 1.0) for i in range(len(widths))
    ]
    return join_parts([*teeth, gum(arch, np.r_[-ends[::-1], 0, ends], np.r_[heights[::-1], heights])])


def tooth(arch: Arch, position: float, width: float, height: float, kind: int) -> Part:
    """Return one crown: rounded rings from inside the gum to the edge, and a cap."""
    (point,), (normal,) = arch.sample(np.array([position]))
    tangent = np.array([-normal[1], normal[0]])
    around = (np.arange(CORNERS) + 0.5) * 2 * np.pi / CORNERS
    square = lambda x: np.sign(x) * np.abs(x) ** 0.62  # noqa: E731 - a rounded box rather than an ellipse
    rings, shades = [], []
    for index, level in enumerate(LEVELS):
        part_width = (*WIDTH_AT, EDGE_WIDTHS[kind])[index] * 0.97
        depth = np.interp(level, (0, 1), (DEPTHS[kind], EDGE_DEPTHS[kind])) * MM
        forward = np.interp(level, (0, 0.5, 1), (0.0, 0.5, 0.3)) * MM - (DEPTHS[kind] * MM - depth) * 0.12
        along = square(np.cos(around)) * width / 2 * part_width
        out = square(np.sin(around)) * depth / 2 + forward
        flat = point + along[:, None] * tangent + out[:, None] * normal
        rise = arch.edge + arch.rootward * height * (1 - level)
        rings.append(np.c_[flat, np.full(CORNERS, rise)])
        white = smoothstep(0.0, 0.5, np.array(level))
        enamel = (1 - white) * np.array(ENAMEL_AT_GUM) + white * np.array(ENAMEL)
        shades.append(np.tile(enamel * SHADED[kind], (CORNERS, 1)))
    # Canines come to a point; molars' rims are higher than their middles.
    last = (len(LEVELS) - 1) * CORNERS
    cap = last + np.array([[0, 1, 2, 3], [0, 3, 4, 7], [4, 5, 6, 7]])
    faces = np.concatenate([grid_faces(len(LEVELS), CORNERS, closed=True), cap])
    return make_part(np.concatenate(rings), outward_faces(faces, arch), TEETH, np.concatenate(shades))


def outward_faces(faces: Int64Array, arch: Arch) -> Int64Array:
    """Return the upper row's faces unchanged and the lower row's reversed: its rings run in the opposite direction."""
    return faces if arch.rootward > 0 else faces[:, ::-1]


def gum(arch: Arch, bounds: Float64Array, heights: Float64Array) -> Part:
    """Return the gum around teeth between `bounds` (15,) m with `heights` (14,) mm."""
    lengths = np.concatenate([np.linspace(a, b, 4)[:-1] for a, b in pairwise(bounds)] + [bounds[-1:]])
    between = np.tile([1.0, 0.0, 0.0], len(heights)).tolist() + [1.0]
    crown = np.interp(lengths, (bounds[:-1] + bounds[1:]) / 2, heights)
    points, normals = arch.sample(lengths)
    columns, shades = [], []
    for outward, deep in GUM_SECTION:
        line = crown + deep - PAPILLA * np.array(between) * (1 - deep / 9.0)
        flat = points + normals * outward * MM
        columns.append(np.c_[flat, arch.edge + arch.rootward * line * MM])
        mix = smoothstep(1.0, 8.0, np.array(deep))
        shades.append(np.tile((1 - mix) * np.array(GUM) + mix * np.array(GUM_DEEP), (len(lengths), 1)))
    faces = grid_faces(len(GUM_SECTION), len(lengths))
    return make_part(np.concatenate(columns), outward_faces(faces[:, ::-1], arch), MOUTH, np.concatenate(shades))


def fit_affine(points: Float64Array, offsets: Float64Array) -> Float64Array:
    """Return the affine map (4, 3) from MakeHuman's `points` (N, 3) to their `offsets` (N, 3)."""
    return np.linalg.lstsq(np.c_[points, np.ones(len(points))], offsets, rcond=None)[0]
