"""The shapes of a character: those of the fitted skin, followed by its vertices and parts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ...channels import FACE
from ..transfer.flame_lids import Eyeball
from .attachment import Attachment, InnerSkin, hidden_vertices
from .features import SIDES, Features
from .fitted_face import STILL_BELOW, FittedFace, moved_eyeball
from .inner_parts import JawMotion, Lining, MouthParts, SkinParts, write_eyeballs
from .lip_contact import LidContact, LipContact
from .target_mesh import TargetMesh
from .template import Template

Float64Array = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]

SHAPED, FILLED = 0.8, 0.9
"""Fractions of the work at which the skin has its shapes, and the hidden skin too."""


class TargetTransfer:
    """A character's mesh with the bundled head's skin fitted to it.

    Args:
        template: The bundled head.
        target: The character's mesh.
        features: What was found in it.
        fitted: (S, 3) m, the bundled head's skin on it.
    """

    def __init__(self, template: Template, target: TargetMesh, features: Features, fitted: Float64Array) -> None:
        self.template, self.target, self.features = template, target, features
        self.eyeballs = {
            side: Eyeball.fit(target.vertices[target.eyeballs[side]])
            if side in target.eyeballs
            else moved_eyeball(template, fitted, side)
            for side in SIDES
        }
        self.contact = LipContact(target, target.skin_view, features.mouth, features.lips)
        self.face = FittedFace(template, fitted, self.eyeballs, self._rest_gap())
        self.hidden = hidden_vertices(target, features)
        self.attachment = Attachment(template, fitted, self.face.free, target, features.lips, self.hidden)
        lip = template.head.landmarks["upper_inner_lip"]
        self.jaw = JawMotion(template.head, (fitted[lip] - template.vertices[lip]).mean(axis=0))

    def all_offsets(self, report: Callable[[float], None]) -> Float32Array:
        """Return the offsets (52, V, 3) m in the bundled head's frame. `report` is called with the fraction done."""
        result = np.zeros((len(FACE), len(self.target.vertices), 3), np.float32)
        self._write_skin(result, report)
        self._close_lids(result)
        InnerSkin(self.target, self.hidden).fill(result)
        self._write_parts(result, report)
        return result

    def _rest_gap(self) -> Float64Array:
        """The height of the gap between the lips at rest at the bundled head's pairs of lip vertices."""
        across = self.template.vertices[self.template.head.landmarks["upper_inner_lip"], 0]
        gap = self.contact.rest_gap
        return np.interp(across / np.abs(across).max(), np.linspace(-1, 1, len(gap)), gap)

    def _write_skin(self, result: Float32Array, report: Callable[[float], None]) -> None:
        opened: Float64Array | None = None
        names = ("jawOpen", *(name for name in FACE if name != "jawOpen"))  # mouthClose needs jawOpen
        for number, name in enumerate(names):
            report(SHAPED * number / len(names))
            moved = self.face.offsets(name, opened)
            opened = moved if name == "jawOpen" else opened
            offsets = self.attachment.follow(moved, len(self.target.vertices))
            self.contact.close(name, offsets, result[FACE.index("jawOpen")] if name == "mouthClose" else None)
            result[FACE.index(name)] = offsets

    def _close_lids(self, result: Float32Array) -> None:
        for side, (view, eye) in self.features.eyes.items():
            shown = self.target.skin_faces if view is self.target.skin_view else self.target.eye_faces
            eyeball = self.eyeballs[side] if side in self.target.eyeballs else None
            contact = LidContact(self.target, view, shown, eye, eyeball)
            blink = result[FACE.index(f"eyeBlink{side}")]
            offsets = blink.astype(np.float64)
            contact.close(offsets)
            blink[:] = offsets

    def _write_parts(self, result: Float32Array, report: Callable[[float], None]) -> None:
        lips, head = self.features.lips, self.template.head
        lining, mouth_parts = Lining(self.target, lips, self.jaw), MouthParts(self.target, head, self.jaw)
        skin_parts = SkinParts(self.target, np.setdiff1d(self.attachment.chosen, np.flatnonzero(lips.hidden)))
        for number, name in enumerate(FACE):
            report(FILLED + (1 - FILLED) * number / len(FACE))
            offsets = result[number].astype(np.float64)
            lining.blend(name, offsets)
            mouth_parts.write(name, offsets)
            skin_parts.write(offsets)
            write_eyeballs(name, self.target, self.eyeballs, head, offsets)
            offsets[(offsets**2).sum(axis=1) < STILL_BELOW**2] = 0.0
            result[number] = offsets[self.target.welded]
