"""PC2 files (Lightwave/3ds Max Point Cache 2): vertex positions per frame, for Blender's Mesh Cache modifier."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ..types import AnyFloatArray

HEADER = struct.Struct("<12siiffi")
"""Magic, version, vertices, first frame, frames per sample, samples."""
MAGIC = b"POINTCACHE2\0"
POSITION_BYTES = 12
"""Bytes of one vertex: three little-endian float32."""


def write(path: Path, rows: int, vertices: int, blocks: Iterable[AnyFloatArray]) -> None:
    """Write a file of `rows` frames of `vertices` vertices.

    Args:
        path: The file.
        rows: Frames in all.
        vertices: Vertices of each.
        blocks: Positions of consecutive frames, each (n, V, 3) or (n, 3 V).

    Raises:
        OSError: The file cannot be written.
    """
    with path.open("wb") as file:
        file.write(HEADER.pack(MAGIC, 1, vertices, 0.0, 1.0, rows))
        for block in blocks:
            file.write(np.ascontiguousarray(block, "<f4").tobytes())
