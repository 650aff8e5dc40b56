"""Vertex caches of takes as PC2 files: written from shapes and weights, and read and overwritten by rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from ...core import errors, pc2
from ..files import atomic_write

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
    with atomic_write.replacing(path) as draft:
        pc2.write(draft, len(motion.weights), len(motion.rest), _position_blocks(motion))


def _position_blocks(motion: VertexMotion) -> Iterator[np.ndarray]:
    """Yield the positions (n, 3 V) of BLOCK frames at a time."""
    flat = motion.deltas.reshape(len(motion.deltas), -1)
    for first in range(0, len(motion.weights), BLOCK):
        yield motion.weights[first : first + BLOCK] @ flat + motion.rest.ravel()


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
        header = stream.read(pc2.HEADER.size)
    if len(header) < pc2.HEADER.size:
        raise _damaged_error(file, "it is too short")
    magic, _version, vertices, _start, _rate, rows = pc2.HEADER.unpack(header)
    if magic != pc2.MAGIC:
        raise _damaged_error(file, "it is not a PC2 file")
    expected = pc2.HEADER.size + rows * vertices * pc2.POSITION_BYTES
    if rows < 1 or vertices < 1 or file.stat().st_size < expected:
        raise _damaged_error(file, f"{rows} frames of {vertices} vertices do not fit its size")
    return rows, vertices


def _map_rows(
    file: Path, mode: Literal["r", "r+"], row_numbers: list[int], expected_vertices: int
) -> dict[int, np.ndarray]:
    rows, vertices = _read_shape(file)
    if vertices != expected_vertices:
        raise _damaged_error(file, f"it has {vertices} vertices, and the mesh {expected_vertices}")
    mapped = np.memmap(file, "<f4", mode, pc2.HEADER.size, (rows, vertices, 3))
    return {row: mapped[row] for row in row_numbers if 0 <= row < rows}


def _read_error(file: Path, reason: OSError) -> errors.SceneError:
    return errors.SceneError(f"{file} cannot be read: {reason.strerror}.", HINT)


def _damaged_error(file: Path, what: str) -> errors.SceneError:
    return errors.SceneError(f"The vertex cache {file} is damaged: {what}.", HINT)
