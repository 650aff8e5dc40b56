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
from .alignment import Similarity, align_face, align_landmarks
from .features import find_features
from .surface_fit import fit_surface, joined_landmarks, sample_skin
from .target_mesh import TargetMesh, split_parts
from .target_transfer import TargetTransfer
from .template import Template

Float64Array = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]
Int32Array = npt.NDArray[np.int32]

MAX_VERTICES = 500_000
MIN_FACES = 300
FINDING, FITTING, TRANSFERRING = "Finding the face", "Fitting the head", "Transferring the shapes"
"""Stages, as the user reads them."""
FOUND, FITTED = 0.4, 0.65
"""Fractions at which the face is found, and the head is fitted."""
ALIGNED, DIVIDED, SEEN = 0.4, 0.5, 0.9
"""Fractions of finding the face at which it is aligned, its parts are told apart, and mouth and eyes are found."""


@dataclass(frozen=True)
class HumanoidShapes:
    """The shapes of a head, and what was found in its mesh.

    Attributes:
        shapes: Those of the 52 that move a vertex; the offsets are in the mesh's coordinates.
        alignment: Leads from the mesh to the bundled head's frame.
        fitted: (S, 3) m, the bundled head's skin on this head, in the bundled head's frame.
        target: The mesh in that frame, with its parts.
    """

    shapes: Shapes
    alignment: Similarity
    fitted: Float64Array
    target: TargetMesh


def humanoid_shapes(
    vertices: npt.NDArray[np.floating],
    faces: npt.NDArray[np.integer],
    report: Report = lambda progress: None,
    landmarks: npt.NDArray[np.floating] | None = None,
) -> HumanoidShapes:
    """Return the ARKit shapes of a head, or of a character with a head.

    Args:
        vertices: (V, 3) in any unit, Z up, the face along -Y, +Y, +X or -X.
        faces: (F, 3) triangles.
        report: Called with the progress; may raise to cancel.
        landmarks: (5, 3) the places of `channels.LANDMARKS`, with which the face may look anywhere; None: they are
            found.

    Raises:
        SceneError: The mesh has no human face with a mouth that can open, or it is too large.
    """
    _check_mesh(vertices, faces)
    template = Template(load_head())
    finding, fitting, transferring = _stages(report)
    vertices, faces = vertices.astype(np.float64), faces.astype(np.int32)
    if landmarks is None:
        alignment, _ = align_face(vertices, faces, template.sample, lambda done: finding(ALIGNED * done))
        picks = None
    else:
        alignment = align_landmarks(landmarks.astype(np.float64), template.picks)
        picks = alignment.apply(landmarks.astype(np.float64))
    finding(ALIGNED)
    target = split_parts(alignment.apply(vertices), faces)
    finding(DIVIDED)
    found = find_features(template, target, picks)
    finding(SEEN)
    fitted = fit_surface(template, sample_skin(target, found.lips), joined_landmarks(found.landmarks), fitting)
    deltas = TargetTransfer(template, target, found, fitted).all_offsets(transferring)
    moving = np.flatnonzero(deltas.any(axis=(1, 2)))
    for number in moving:
        deltas[number] = alignment.offsets_back(deltas[number])
    shapes = Shapes(tuple(FACE[number] for number in moving), deltas[moving], notes=found.notes)
    return HumanoidShapes(shapes, alignment, fitted, target)


def _stages(report: Report) -> tuple[Callable[[float], None], ...]:
    """Return what reports the fraction of each stage that is done."""
    ends = {FINDING: FOUND, FITTING: FITTED, TRANSFERRING: 1.0}

    def stage(name: str, start: float) -> Callable[[float], None]:
        return lambda done: report(Progress(start + (ends[name] - start) * done, name))

    return tuple(stage(name, start) for name, start in zip(ends, (0.0, FOUND, FITTED), strict=True))


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
