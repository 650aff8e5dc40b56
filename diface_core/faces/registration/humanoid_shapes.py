"""The 52 ARKit shapes for any humanoid head, from the bundled head by registration and deformation transfer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...channels import FACE
from ...errors import SceneError
from ...types import Progress, Report, Shapes
from ..head import load_head
from ..transfer.flame_lids import Eyeball
from .alignment import Similarity, align_face
from .attachment import Attachment, InnerSkin, hidden_vertices, seen_skin
from .fitted_face import SIDES, STILL_BELOW, FittedFace, moved_eyeball
from .front_view import FrontView
from .inner_parts import JawMotion, Lining, MouthParts, SkinParts, write_eyeballs
from .lip_contact import LidContact, LipContact
from .lip_sides import find_lip_sides
from .openings import Opening, find_eye, find_mouth
from .surface_fit import fit_surface, joined_landmarks, opening_landmarks, sample_skin
from .target_mesh import TargetMesh, split_parts
from .template import Template

Float64Array = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]
Int32Array = npt.NDArray[np.int32]

MAX_VERTICES = 120_000
MIN_FACES = 300
FINDING, FITTING, TRANSFERRING = "Finding the face", "Fitting the head", "Transferring the shapes"
"""Stages, as the user reads them."""
FOUND, FITTED = 0.25, 0.8
"""Fractions at which the face is found, and the head is fitted."""


@dataclass(frozen=True)
class HumanoidShapes:
    """The shapes of a head, and what was found in its mesh.

    Attributes:
        shapes: Those of the 52 that move a vertex; the offsets are in the mesh's coordinates.
        alignment: Leads from the mesh to the bundled head's frame.
        fitted: (S, 3) m, the bundled head's skin on this head, in the bundled head's frame.
        target: The mesh in that frame, with its parts.
        notes: What was not found, for the user.
    """

    shapes: Shapes
    alignment: Similarity
    fitted: Float64Array
    target: TargetMesh
    notes: tuple[str, ...]


def humanoid_shapes(
    vertices: npt.NDArray[np.floating],
    faces: npt.NDArray[np.integer],
    report: Report = lambda progress: None,
) -> HumanoidShapes:
    """Return the ARKit shapes of a head, or of a character with a head.

    Args:
        vertices: (V, 3) in any unit, Z up, the face along -Y, +Y, +X or -X.
        faces: (F, 3) triangles.
        report: Called with the progress; may raise to cancel.

    Raises:
        SceneError: The mesh has no human face with a mouth that can open, or it is too large.
    """
    _check_mesh(vertices, faces)
    template = Template(load_head())
    report(Progress(0.0, FINDING))
    alignment, _ = align_face(vertices.astype(np.float64), faces, template.sample)
    target = split_parts(alignment.apply(vertices.astype(np.float64)), faces.astype(np.int32))
    report(Progress(0.6 * FOUND, FINDING))
    fit = _Fit(template, target)
    fitted = fit.fitted_skin(lambda done: report(Progress(FOUND + (FITTED - FOUND) * done, FITTING)))
    deltas = fit.offsets(fitted, lambda done: report(Progress(FITTED + (1 - FITTED) * done, TRANSFERRING)))
    moving = np.flatnonzero((deltas != 0).any(axis=(1, 2)))
    shapes = Shapes(
        tuple(FACE[number] for number in moving), alignment.offsets_back(deltas[moving]).astype(np.float32)
    )
    return HumanoidShapes(shapes, alignment, fitted, target, fit.notes)


class _Fit:
    """What was found in a target's mesh, and the steps from there to its shapes."""

    def __init__(self, template: Template, target: TargetMesh) -> None:
        self.template, self.target = template, target
        self.view, eye_view = target.skin_view, target.eye_view
        mouth = find_mouth(self.view)
        if mouth is None:
            raise SceneError(
                "No mouth that can open was found in the mesh.",
                "Its lips must be separate surfaces, with an opening or the inside of a mouth behind them.",
            )
        self.mouth, self.notes = mouth, ()
        self.eyes: dict[str, tuple[FrontView, Opening]] = {}
        self.landmarks = [opening_landmarks(template, template.mouth, self.view, mouth)]
        for side, sign in zip(SIDES, (1, -1), strict=True):
            found = [(view, find_eye(view, sign)) for view in (eye_view, self.view)]
            seen = next(((view, eye) for view, eye in found if eye is not None), None)
            if seen is None:
                self.notes += (f"The {side.lower()} eye's lids were not found: check its blink.",)
            else:
                self.eyes[side] = seen
                self.landmarks.append(opening_landmarks(template, template.eye(sign), *seen))
        self.lips = find_lip_sides(target.vertices, target.skin_faces, self.view, mouth)

    def fitted_skin(self, report: Callable[[float], None]) -> Float64Array:
        samples = sample_skin(self.target, self.lips)
        return fit_surface(self.template, samples, joined_landmarks(self.landmarks), report)

    def offsets(self, fitted: Float64Array, report: Callable[[float], None]) -> Float64Array:
        """Return the offsets (52, V, 3) m in the bundled head's frame."""
        target, template, count = self.target, self.template, len(self.target.vertices)
        eyeballs = {
            side: Eyeball.fit(target.vertices[target.eyeballs[side]])
            if side in target.eyeballs
            else moved_eyeball(template, fitted, side)
            for side in SIDES
        }
        contact = LipContact(target, self.view, self.mouth, self.lips)
        pairs = template.vertices[template.head.landmarks["upper_inner_lip"], 0]
        gap = np.interp(pairs / abs(pairs).max(), np.linspace(-1, 1, len(contact.rest_gap)), contact.rest_gap)
        face = FittedFace(template, fitted, eyeballs, gap)
        hidden = hidden_vertices(target, self.lips, seen_skin(target))
        attachment = Attachment(template, fitted, target, self.lips, hidden)
        lip = template.head.landmarks["upper_inner_lip"]
        jaw = JawMotion(template.head, (fitted[lip] - template.vertices[lip]).mean(axis=0))
        result = np.zeros((len(FACE), count, 3))
        opened: Float64Array | None = None
        names = ("jawOpen", *(name for name in FACE if name != "jawOpen"))  # mouthClose needs jawOpen
        for number, name in enumerate(names):
            report(0.8 * number / len(names))
            moved = face.offsets(name, opened)
            opened = moved if name == "jawOpen" else opened
            result[FACE.index(name)] = attachment.follow(moved, count)
            result[FACE.index(name)][self.target.skin & ~_attached(attachment, count)] = 0.0
            contact.close(
                name, result[FACE.index(name)], result[FACE.index("jawOpen")] if name == "mouthClose" else None
            )
        for side, (view, eye) in self.eyes.items():
            shown = target.skin_faces if view is self.view else target.eye_faces
            eyeball = eyeballs[side] if side in target.eyeballs else None
            LidContact(target, view, shown, eye, eyeball).close(result[FACE.index(f"eyeBlink{side}")])
        self._fill_hidden(result, hidden)
        lining, mouth_parts = Lining(target, self.lips, jaw), MouthParts(target, template.head, jaw)
        skin_parts = SkinParts(target, np.setdiff1d(attachment.chosen, np.flatnonzero(self.lips.hidden)))
        for number, name in enumerate(FACE):
            report(0.9 + 0.1 * number / len(FACE))
            lining.blend(name, result[number])
            mouth_parts.write(name, result[number])
            skin_parts.write(result[number])
            write_eyeballs(name, target, eyeballs, template.head, result[number])
        result[np.linalg.norm(result, axis=2) < STILL_BELOW] = 0.0
        return result[:, target.welded]

    def _fill_hidden(self, result: Float64Array, hidden: npt.NDArray[np.bool_]) -> None:
        """Let the hidden skin of all shapes follow the skin around it: one system for all."""
        columns = result.transpose(1, 0, 2).reshape(result.shape[1], -1).copy()
        InnerSkin(self.target, hidden).fill(columns)
        result[:, hidden] = columns[hidden].reshape(-1, len(FACE), 3).transpose(1, 0, 2)


def _attached(attachment: Attachment, count: int) -> npt.NDArray[np.bool_]:
    mask = np.zeros(count, bool)
    mask[attachment.chosen] = True
    return mask


def _check_mesh(vertices: npt.NDArray[np.floating], faces: npt.NDArray[np.integer]) -> None:
    if len(vertices) > MAX_VERTICES:
        raise SceneError(
            f"The mesh has {len(vertices):,} vertices. Shapes can be added to at most {MAX_VERTICES:,}.",
            "Add them to a mesh of lower resolution, and subdivide it by a modifier.",
        )
    if len(faces) < MIN_FACES or not np.isfinite(vertices).all():
        raise SceneError(
            "The mesh has too few faces for a head.", f"Shapes need a head of at least {MIN_FACES} triangles."
        )
