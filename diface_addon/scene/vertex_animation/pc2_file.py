"""PC2 files (Lightwave/3ds Max Point Cache 2): vertex positions per frame, as the Mesh Cache modifier reads them."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from ...core import errors
from ..files import atomic_write

_HEADER = struct.Struct("<12siiffi")
_MAGIC = b"POINTCACHE2\0"
_POSITION_BYTES = 12
"""Bytes of one vertex: three little-endian float32."""
BLOCK = 128
"""Frames that are computed and written at once."""
HINT = "Find it with File > External Data > Find Missing Files, or generate again with the same seed."


@dataclass(frozen=True)
class VertexMotion:
    """A motion of vertices: row r is rest (V, 3) + weights[r] (K,) x deltas (K, V, 3), in the mesh's coordinates."""

    rest: np.ndarray
    weights: np.ndarray
    deltas: np.ndarray


def write(path: Path, motion: VertexMotion) -> None:
    """Write a motion to a PC2 file. Raises SceneError."""
    rows, vertices = len(motion.weights), len(motion.rest)
    flat = motion.deltas.reshape(len(motion.deltas), -1)
    with atomic_write.replacing(path) as draft, draft.open("wb") as file:
        file.write(_HEADER.pack(_MAGIC, 1, vertices, 0.0, 1.0, rows))
        for first in range(0, rows, BLOCK):
            block = motion.weights[first : first + BLOCK] @ flat + motion.rest.ravel()
            file.write(block.astype("<f4").tobytes())


def row_count(file: Path) -> int:
    """Return the number of rows in a file. Raises SceneError if it is missing or damaged."""
    try:
        return _read_shape(file)[0]
    except OSError as reason:
        raise _read_error(file, reason) from reason


def read_rows(file: Path, row_numbers: list[int], vertices: int) -> dict[int, np.ndarray]:
    """Return row -> positions (V, 3) float32, for those rows that the file has.

    Raises:
        SceneError: The file is missing or damaged, or has not `vertices` vertices.
    """
    try:
        return {row: positions.copy() for row, positions in _map_rows(file, "r", row_numbers, vertices).items()}
    except OSError as reason:
        raise _read_error(file, reason) from reason


def write_rows(file: Path, positions: dict[int, np.ndarray]) -> None:
    """Overwrite the positions (V, 3) of rows that the file has. Raises SceneError."""
    if not positions:
        return
    vertices = len(next(iter(positions.values())))
    try:
        for row, mapped in _map_rows(file, "r+", list(positions), vertices).items():
            mapped[:] = positions[row]
    except OSError as reason:
        raise _read_error(file, reason) from reason


def _read_shape(file: Path) -> tuple[int, int]:
    """Return the numbers of rows and vertices. Raises OSError, and SceneError if the header is wrong."""
    with file.open("rb") as stream:
        header = stream.read(_HEADER.size)
    if len(header) < _HEADER.size:
        raise _damaged_error(file, "it is too short")
    magic, _version, vertices, _start, _rate, rows = _HEADER.unpack(header)
    if magic != _MAGIC:
        raise _damaged_error(file, "it is not a PC2 file")
    expected = _HEADER.size + rows * vertices * _POSITION_BYTES
    if rows < 1 or vertices < 1 or file.stat().st_size < expected:
        raise _damaged_error(file, f"{rows} frames of {vertices} vertices do not fit its size")
    return rows, vertices


def _map_rows(
    file: Path, mode: Literal["r", "r+"], row_numbers: list[int], expected_vertices: int
) -> dict[int, np.ndarray]:
    rows, vertices = _read_shape(file)
    if vertices != expected_vertices:
        raise _damaged_error(file, f"it has {vertices} vertices, and the mesh {expected_vertices}")
    mapped = np.memmap(file, "<f4", mode, _HEADER.size, (rows, vertices, 3))
    return {row: mapped[row] for row in row_numbers if 0 <= row < rows}


def _read_error(file: Path, reason: OSError) -> errors.SceneError:
    return errors.SceneError(f"{file} cannot be read: {reason.strerror}.", HINT)


def _damaged_error(file: Path, what: str) -> errors.SceneError:
    return errors.SceneError(f"The vertex cache {file} is damaged: {what}.", HINT)
