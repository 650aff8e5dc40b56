"""The bundled head as the template that is registered to other heads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ..head import Head
from ..meshes.surface_samples import Surface
from ..transfer.geometry import vertex_normals
from .alignment import FaceSample
from .front_view import FrontView, view_from_front
from .lip_sides import LipSides, find_lip_sides, seen_vertices
from .openings import Opening, find_eye, find_mouth

Float64Array = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]

FACE_SAMPLES, SKULL_SAMPLES = 700, 200
NECK = -0.1  # m: what lies below is not registered
CHIN, CHIN_WIDTH = (-0.078, -0.058), 0.004  # m: heights of the chin, and half the width of its middle
HIDDEN_BOXES = (
    ((0.008, -0.12, 0.015), (0.055, -0.04, 0.06)),  # the left eye
    ((-0.055, -0.12, 0.015), (-0.008, -0.04, 0.06)),
    ((-0.016, -0.12, -0.02), (0.016, -0.04, 0.008)),  # the nostrils
)
"""Places where what is not seen from the front has no counterpart."""


@dataclass(frozen=True)
class Template:
    """The skin of the bundled head: vertices (S, 3) m and triangles `faces` (F, 3)."""

    head: Head

    @cached_property
    def count(self) -> int:
        """Return the number of the skin's vertices, which are the head's first."""
        return len(self.head.landmarks["skin"])

    @cached_property
    def vertices(self) -> Float64Array:
        """Return the skin's vertices at rest (S, 3)."""
        return self.head.vertices[: self.count].astype(np.float64)

    @cached_property
    def faces(self) -> Int32Array:
        """Return the skin's triangles (F, 3)."""
        faces = self.head.triangles()
        return faces[(faces < self.count).all(axis=1)].astype(np.int32)

    @cached_property
    def lining(self) -> npt.NDArray[np.bool_]:
        """Return a mask (S,) of the inside of the mouth."""
        mask = np.zeros(len(self.head.vertices), bool)
        mask[self.head.triangles("Mouth")] = True
        mask[self.head.triangles("Skin")] = False
        return mask[: self.count]

    @cached_property
    def normals(self) -> Float64Array:
        """Return the unit normals (S, 3)."""
        return vertex_normals(self.vertices, self.faces)

    @cached_property
    def view(self) -> FrontView:
        """Return the view of the skin from the front."""
        return view_from_front(self.vertices, self.faces)

    @cached_property
    def mouth(self) -> Opening:
        """Return the lips' edges."""
        found = find_mouth(self.view)
        assert found is not None, "the bundled head has a mouth"
        return found

    def eye(self, side: int) -> Opening:
        """Return the lids' rims of one eye, seen with the eyeball."""
        found = find_eye(self.view, side)
        assert found is not None, "the bundled head has eyes"
        return found

    @cached_property
    def picks(self) -> Float64Array:
        """Return the points (5, 3) of `channels.LANDMARKS`: middles of the eyes, corners of the mouth, the chin."""
        points, marks = self.head.vertices.astype(np.float64), self.head.landmarks
        lids = [points[np.r_[marks[f"upper_lid_{side}"], marks[f"lower_lid_{side}"]]] for side in ("left", "right")]
        corners = points[marks["mouth_corners"]]
        left = corners[corners[:, 0] > 0].mean(axis=0)
        return np.stack([*(lid.mean(axis=0) for lid in lids), left, left * (-1.0, 1.0, 1.0), self.vertices[self.chin]])

    @cached_property
    def chin(self) -> int:
        """Return the foremost vertex of the chin."""
        x, y, z = self.vertices.T
        return int(np.where((np.abs(x) < CHIN_WIDTH) & (z > CHIN[0]) & (z < CHIN[1]), y, np.inf).argmin())

    @cached_property
    def lips(self) -> LipSides:
        """Return the sides of the mouth."""
        return find_lip_sides(self.vertices, self.faces, self.view, self.mouth)

    @cached_property
    def matched(self) -> npt.NDArray[np.bool_]:
        """Return a mask (S,) of the vertices that have a counterpart on any head."""
        seen = seen_vertices(self.vertices, self.faces, self.view)
        result = ~self.lining & (self.vertices[:, 2] > NECK)
        for low, high in HIDDEN_BOXES:
            result &= seen | ~((self.vertices > low) & (self.vertices < high)).all(axis=1)
        return result & ~self.lips.hidden

    @cached_property
    def sample(self) -> FaceSample:
        """Return points of the face and the skull, for the alignment."""
        middle = self.vertices[self.faces].mean(axis=1)
        head = (middle[:, 2] > -0.08) & ~self.lining[self.faces].any(axis=1)
        face = head & (middle[:, 1] < -0.02) & (np.abs(middle[:, 0]) < 0.07)
        surface = Surface(self.vertices, self.faces)
        drawn = surface.sample(FACE_SAMPLES // 2, face), surface.sample(SKULL_SAMPLES // 2, head & ~face)
        mirror = np.array([-1.0, 1.0, 1.0])
        ones = np.concatenate([samples.points for samples in drawn])
        others = np.concatenate([samples.normals for samples in drawn])
        return FaceSample(np.concatenate([ones, ones * mirror]), np.concatenate([others, others * mirror]))
