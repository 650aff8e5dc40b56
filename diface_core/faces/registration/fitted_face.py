"""The shapes of the bundled head's skin after it has been fitted to another head."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ...channels import FACE
from ..transfer import flame_lids
from ..transfer.deformation_transfer import DeformationTransfer, SoftConstraint
from ..transfer.flame_lids import Eyeball
from ..transfer.flame_lips import LIP_OPENERS, FlameLips
from .template import Template

Float64Array = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]

STILL_BELOW = 5e-6  # m: vertices that move less than this on the bundled head do not move at all
LID_SHAPES = ("eye", "cheekSquint")
SIDES = ("Left", "Right")


@dataclass(frozen=True)
class HeadLipPairs:
    """The vertices of the bundled head's lips that meet, as `flame_lips.LipPairs`."""

    upper_lip: Int32Array
    lower_lip: Int32Array
    lower_weights: Float64Array
    lip_fractions: Float64Array


class FittedFace:
    """The template's skin at `vertices` (S, 3) on another head.

    Args:
        template: The bundled head.
        vertices: (S, 3) m, fitted.
        eyeballs: Side -> the other head's eyeball.
        rest_gap: (L,) m, height of the gap between the other head's lips at rest, at the pairs of lip vertices.
    """

    def __init__(
        self, template: Template, vertices: Float64Array, eyeballs: dict[str, Eyeball], rest_gap: Float64Array
    ) -> None:
        self.template, self.vertices, self.eyeballs = template, vertices, eyeballs
        self.transfer = DeformationTransfer(template.vertices, vertices, template.faces)
        self.lips = FlameLips(lip_pairs(template), vertices)
        self.lips.rest_gap = np.stack([0 * rest_gap, 0 * rest_gap, rest_gap], axis=1)
        self.visible_faces = template.faces[template.matched[template.faces].all(axis=1)]

    def deltas(self, name: str) -> Float64Array:
        """Return the bundled head's offsets (S, 3) of a shape."""
        return self.template.head.deltas[FACE.index(name)][: self.template.count].astype(np.float64)

    @cached_property
    def free(self) -> npt.NDArray[np.bool_]:
        """Return a mask (S,) of the vertices that move in any shape."""
        return np.logical_or.reduce([self._free(self.deltas(name)) for name in FACE])

    @staticmethod
    def _free(deltas: Float64Array) -> npt.NDArray[np.bool_]:
        return np.linalg.norm(deltas, axis=1) > STILL_BELOW

    def offsets(self, name: str, opened: Float64Array | None = None) -> Float64Array:
        """Return the offsets (S, 3) m of a shape. `opened` (S, 3) are jawOpen's, for mouthClose."""
        deltas = self.deltas(name)
        free = self._free(deltas)
        if not free.any():
            return np.zeros_like(deltas)
        if name == "mouthClose" and opened is not None:
            both = self.deltas("jawOpen") + deltas
            closing = self.lips.closing_constraints(opened)
            return self.transfer.offsets(both, free, closing, base_offsets=opened)
        constraints = self.lips.contact_constraints(name, deltas) if free[self.lips.gap_matrix.columns].any() else ()
        for side, eyeball in self.eyeballs.items():
            if name == f"eyeBlink{side}":
                constraints += (
                    flame_lids.closed_lid_constraint(self.vertices, lid_rims(self.template, side), eyeball),
                )
        offsets = self.transfer.offsets(deltas, free, constraints)
        further = self._corrections(name, offsets)
        return self.transfer.offsets(deltas, free, constraints + further) if further else offsets

    def _corrections(self, name: str, offsets: Float64Array) -> tuple[SoftConstraint, ...]:
        """Return what keeps the lips out of each other and the lids out of the eyeballs."""
        if name in LIP_OPENERS:
            return self.lips.collision_constraints(offsets)
        found: tuple[SoftConstraint, ...] = ()
        if name.startswith(LID_SHAPES):
            for side, eyeball in self.eyeballs.items():
                if name.endswith(side):
                    found += flame_lids.collision_constraints(self.vertices, offsets, self.visible_faces, eyeball)
        return found


def lip_pairs(template: Template) -> HeadLipPairs:
    """Return the pairs of vertices where the bundled head's lips meet."""
    marks = template.head.landmarks
    upper, lower = marks["upper_inner_lip"].astype(np.int32), marks["lower_inner_lip"].astype(np.int32)
    line = template.vertices[upper]
    run = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))]
    return HeadLipPairs(upper, lower[:, None], np.ones((len(lower), 1)), (run / run[-1]))


def lid_rims(template: Template, side: str) -> tuple[Int32Array, Int32Array]:
    """Return the rims of the upper and the lower lid, from the inner to the outer corner."""
    marks = template.head.landmarks
    upper, lower = (marks[f"{name}_lid_{side.lower()}"].astype(np.int32) for name in ("upper", "lower"))
    return upper, lower


def moved_eyeball(template: Template, vertices: Float64Array, side: str) -> Eyeball:
    """Return the bundled head's eyeball where the fitted lids are."""
    part = template.head.landmarks[f"eyeball_{side.lower()}"]
    ball = Eyeball.fit(template.head.vertices[part].astype(np.float64))
    rims = np.concatenate(lid_rims(template, side))
    return Eyeball(ball.centre + (vertices[rims] - template.vertices[rims]).mean(axis=0), ball.radius)
