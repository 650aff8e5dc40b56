"""The bundled head: a mesh with the 52 ARKit shapes, breath and tongue, and named landmarks. numpy only."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..channels import FACE, SHAPES
from ..errors import ModelError

ASSET = Path(__file__).parent.parent / "assets" / "head.npz"
MICROMETRE = 1e-6
TONGUE_PREFIX = "tongue_"
"""Prefix of the arrays of the tongue's own shapes. They are apart, so that earlier versions read the file as theirs."""
HINT = "Run `python3 build.py assets` in the checkout: it writes this file."

Float32Array = npt.NDArray[np.float32]
Int32Array = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Head:
    """A bust in metres: +X the character's left, looking along -Y, Z up, the origin at the top of the spine.

    Attributes:
        vertices: (V, 3) float32.
        loop_vertices: (L,) int32. Polygon p is loop_vertices[polygon_starts[p] : polygon_starts[p + 1]], quads and a
            few triangles.
        polygon_starts: (P,) int32.
        uvs: (L, 2) float32, one per loop.
        materials: Names.
        polygon_materials: (P,) int32 indices of `materials`.
        colours: (V, 4) float32, sRGB and alpha, 0 to 1.
        deltas: (52, V, 3) float32, each shape's offsets at weight 1 in the order of channels.FACE.
        extra: Offsets (V, 3) of channels without an ARKit shape: breathIn, and the tongue's.
        landmarks: Vertex indices (N,) int32 by name. Row k of upper_inner_lip and lower_inner_lip, of upper_lid_left
            and lower_lid_left, and of upper_lid_right and lower_lid_right meet; they run from the character's right to
            the left, or from the inner to the outer corner. Others: mouth_corners (right, left), outer_lip, lips, face,
            upper_face, jaw, neck_border; and by part skin, eyeball_left, eyeball_right, upper_teeth, lower_teeth,
            tongue, hair, brows, shirt.
    """

    vertices: Float32Array
    loop_vertices: Int32Array
    polygon_starts: Int32Array
    uvs: Float32Array
    materials: tuple[str, ...]
    polygon_materials: Int32Array
    colours: Float32Array
    deltas: Float32Array
    extra: dict[str, Float32Array]
    landmarks: dict[str, Int32Array]

    def triangles(self, material: str | None = None) -> Int32Array:
        """Return the polygons of all or one material as triangles (F, 3), fanned from their first corner."""
        ends = np.append(self.polygon_starts[1:], len(self.loop_vertices))
        sizes = ends - self.polygon_starts
        faces = []
        for corner in range(1, int(sizes.max()) - 1):
            chosen = sizes > corner + 1
            if material is not None:
                chosen &= self.polygon_materials == self.materials.index(material)
            starts = self.polygon_starts[chosen]
            faces.append(np.stack([self.loop_vertices[starts + k] for k in (0, corner, corner + 1)], axis=1))
        return np.concatenate(faces)

    def pose(self, weights: npt.ArrayLike) -> Float32Array:
        """Return vertices (V, 3) float32 m for weights (52,), or (T, V, 3) for (T, 52)."""
        weights = np.asarray(weights, np.float32)
        if weights.ndim not in (1, 2) or weights.shape[-1] != len(FACE):
            raise ValueError(f"weights must have shape ({len(FACE)},) or (frames, {len(FACE)}). Got {weights.shape}.")
        return self.vertices + np.tensordot(weights, self.deltas, axes=1)


def load_head(path: Path | None = None) -> Head:
    """Load the bundled head, or the one at `path`.

    Raises:
        ModelError: The file is missing or is not a head.
    """
    path = path or ASSET
    try:
        with path.open("rb") as file, np.load(file) as arrays:
            return _parse_head(dict(arrays))
    except FileNotFoundError as error:
        raise ModelError(f"The head file {path} is missing.", HINT) from error
    except (OSError, ValueError, KeyError, IndexError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path} cannot be read as a head: {error}.", HINT) from error


def _parse_head(arrays: dict[str, npt.NDArray[Any]]) -> Head:
    vertices = (arrays["vertices"] * MICROMETRE).astype(np.float32)
    shapes = {**_shapes(arrays, "", len(vertices)), **_shapes(arrays, TONGUE_PREFIX, len(vertices))}
    if tuple(shapes) != SHAPES:
        raise ValueError("its shapes are not the 52 of ARKit, the breath and the tongue's")
    colours = (arrays["colours"] / 255).astype(np.float32)
    prefix = "landmark_"
    return Head(
        vertices=vertices,
        loop_vertices=arrays["loop_vertices"],
        polygon_starts=arrays["polygon_starts"],
        uvs=arrays["uvs"],
        materials=tuple(arrays["materials"].tolist()),
        polygon_materials=arrays["polygon_materials"].astype(np.int32),
        colours=np.concatenate([colours, np.ones_like(colours[:, :1])], axis=1),
        deltas=np.stack([shapes[name] for name in FACE]),
        extra={name: shapes[name] for name in SHAPES[len(FACE) :]},
        landmarks={name.removeprefix(prefix): arrays[name] for name in arrays if name.startswith(prefix)},
    )


def _shapes(arrays: dict[str, npt.NDArray[Any]], prefix: str, count: int) -> dict[str, Float32Array]:
    """Return the offsets (count, 3) of each shape whose arrays have a prefix."""
    found: dict[str, Float32Array] = {}
    starts = pairwise(arrays[f"{prefix}delta_starts"])
    for name, (first, end) in zip(arrays[f"{prefix}channels"].tolist(), starts, strict=True):
        found[name] = np.zeros((count, 3), np.float32)
        vertices, offsets = (arrays[f"{prefix}delta_{kind}"][first:end] for kind in ("vertices", "offsets"))
        found[name][vertices] = offsets * MICROMETRE
    return found
