"""How a FLAME mesh lies in its coordinates: up axis, unit and neck joint. numpy only.

The user's mesh may be Y-up as OBJ files are, rotated, mirrored, or in centimetres. Its identity differs from every
other head's, so that it never fits another head exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..head import load_head
from . import correspondence, flame_model

Float64Array = npt.NDArray[np.float64]

SNAP_ANGLE = math.radians(15.0)
"""A mesh rotated by less than this from a multiple of 90 degrees about each axis is treated as rotated by exactly that:
people's heads differ by as much, and files are not rotated by such angles.
"""
UNIT_TOLERANCE = 1.4
"""A unit within this factor of a power of ten metres is treated as that power."""

# The bundled head relative to FLAME's template, by a similarity fit over the corresponding vertices.
BUNDLED_SCALE, BUNDLED_PITCH = 0.926, math.radians(94.2)
BUNDLED_ORIGIN = (0.0, -0.051, 0.0166)
DEFAULT_NECK = (0.0, -0.009, -0.054)
"""FLAME's neck joint (m), used if the FLAME file, which gives it per identity, is not available."""


@dataclass(frozen=True)
class Placement:
    """The map flame = scale * rotation @ local + shift, in metres.

    Attributes:
        scale: Metres per unit of the mesh.
        rotation: (3, 3) orthogonal, may mirror.
        shift: (3,) m.
        neck: (3,) the neck joint in the mesh's coordinates.
    """

    scale: float
    rotation: Float64Array
    shift: Float64Array
    neck: Float64Array

    def to_flame(self, vertices: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        """Convert points (..., 3) from the mesh's coordinates to FLAME's frame, metres."""
        return (self.scale * vertices @ self.rotation.T + self.shift).astype(np.float32)

    def deltas_to_local(self, deltas: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        """Convert displacements (..., 3) in FLAME's frame, metres, to the mesh's coordinates."""
        return (deltas @ self.rotation / self.scale).astype(np.float32)

    def deltas_to_flame(self, deltas: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        """Convert displacements (..., 3) in the mesh's coordinates to FLAME's frame, metres."""
        return (self.scale * deltas @ self.rotation.T).astype(np.float32)

    def rotations_to_local(self, vectors: npt.NDArray[np.floating]) -> Float64Array:
        """Convert rotation vectors (..., 3) from Blender's axes (docs/development/architecture.md) to the mesh's."""
        right_hand = np.linalg.det(self.rotation)
        return right_hand * np.asarray(vectors, np.float64) @ FROM_BLENDER.T @ self.rotation


FROM_BLENDER = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
"""flame = FROM_BLENDER @ blender: from Z up and a face along -Y to Y up and a face along +Z."""


def fit_placement(vertices: npt.NDArray[np.floating], file: Path | None = None) -> Placement:
    """Fit the placement of a FLAME mesh at rest.

    Args:
        vertices: (5023, 3) in the mesh's coordinates.
        file: The user's FLAME file; without it the mesh is fitted to the bundled head.

    Raises:
        ModelError: The file cannot be read.
    """
    if file is None:
        reference, known, regressor = *_bundled_reference(), None
    else:
        model = flame_model.load_flame(file)
        reference, known = model.template.astype(np.float64), np.ones(len(vertices), bool)
        regressor = model.joint_regressor[flame_model.JOINTS.index("neck")]
    local = vertices.astype(np.float64)
    scale, rotation = _snap(*_fit_similarity(local[known], reference[known]))
    shift = reference[known].mean(0) - scale * rotation @ local[known].mean(0)
    neck = (np.array(DEFAULT_NECK) - shift) @ rotation / scale if regressor is None else regressor @ local
    return Placement(scale, rotation, shift, neck)


def _bundled_reference() -> tuple[Float64Array, npt.NDArray[np.bool_]]:
    """Return FLAME's vertices (5023, 3) sampled on the bundled head in FLAME's frame, and a mask of them."""
    correspondences = correspondence.load_correspondence()
    sine, cosine = math.sin(BUNDLED_PITCH), math.cos(BUNDLED_PITCH)
    to_bundled = np.array([[1.0, 0.0, 0.0], [0.0, cosine, -sine], [0.0, sine, cosine]])
    lying = (correspondences.sample(load_head().vertices) - BUNDLED_ORIGIN) @ to_bundled / BUNDLED_SCALE
    return lying, correspondences.has_match


def _fit_similarity(local: Float64Array, reference: Float64Array) -> tuple[float, Float64Array]:
    """Return scale and rotation of the least-squares similarity from `local` (N, 3) to `reference` (Umeyama 1991).

    The rotation is a reflection if that fits best.
    """
    a, b = local - local.mean(0), reference - reference.mean(0)
    u, sizes, v = np.linalg.svd(b.T @ a)
    return float(sizes.sum() / np.sum(a * a)), u @ v


def _snap(scale: float, rotation: Float64Array) -> tuple[float, Float64Array]:
    """Snap a nearly upright rotation and a nearly round unit to exact ones."""
    unit = 10.0 ** round(math.log10(scale))
    if 1 / UNIT_TOLERANCE < scale / unit < UNIT_TOLERANCE:
        scale = unit
    upright = np.zeros((3, 3))
    columns = np.argmax(np.abs(rotation), axis=1)
    upright[range(3), columns] = np.sign(rotation[range(3), columns])
    off = math.acos(min(1.0, max(-1.0, (np.trace(upright.T @ rotation) - 1) / 2)))
    return scale, upright if len(set(columns.tolist())) == 3 and off < SNAP_ANGLE else rotation
