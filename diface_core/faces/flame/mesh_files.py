"""Mesh files: Wavefront .obj, arrays in .npz, FLAME models. numpy only."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...errors import ModelError
from ...untrusted.pickle_arrays import load_npz
from .flame_model import load_flame

HINT = "Use an .obj, an .npz that holds vertices (V, 3) and faces (F, 3), or a FLAME model file."


def read_mesh(path: Path) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int32]]:
    """Read the vertices (V, 3) and triangles (F, 3) of an .obj, an .npz or a FLAME model.

    An .npz holds `vertices` and `faces`. Polygons are triangulated as fans from their first corner.

    Raises:
        ModelError: The file cannot be read.
    """
    if path.suffix.lower() == ".obj":
        return _mesh(path, *_read_obj(path))
    if path.suffix.lower() == ".npz":
        arrays = load_npz(path, HINT)
        if "vertices" in arrays and "faces" in arrays:
            return _mesh(path, arrays["vertices"], arrays["faces"])
    flame = load_flame(path)
    return flame.template, flame.faces


def _read_obj(path: Path) -> tuple[list[list[float]], list[list[int]]]:
    """Return the vertices, and the triangles of all polygons."""
    vertices: list[list[float]] = []
    faces: list[list[int]] = []
    try:
        for line in path.read_text("utf-8", errors="replace").splitlines():
            kind, *words = line.split() or [""]
            if kind == "v":
                vertices.append([float(word) for word in words[:3]])
            elif kind == "f":
                corners = [int(word.split("/")[0]) for word in words]
                corners = [corner - 1 if corner > 0 else len(vertices) + corner for corner in corners]
                faces += [[corners[0], *pair] for pair in pairwise(corners[1:])]
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read as an .obj: {error}.", HINT) from error
    return vertices, faces


def _mesh(path: Path, vertices: object, faces: object) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int32]]:
    """Return vertices (V, 3) and triangles (F, 3) as arrays. Raises ModelError if they are no mesh."""
    try:
        points = np.asarray(vertices, np.float32).reshape(-1, 3)
        triangles = np.asarray(faces, np.int64).reshape(-1, 3)
    except (ValueError, TypeError, OverflowError) as error:
        raise ModelError(f"{path} is no mesh: {error}.", HINT) from error
    if len(triangles) and not 0 <= triangles.min() <= triangles.max() < len(points):
        raise ModelError(f"{path} is no mesh: its faces name vertices that it does not have.", HINT)
    return points, triangles.astype(np.int32)
