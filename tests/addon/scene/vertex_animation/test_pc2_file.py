"""PC2 files: written and read exactly; damaged files raise SceneError."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from diface_addon.core import errors
from diface_addon.scene.vertex_animation import pc2_file

ROWS, VERTICES = 5, 7


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "a.pc2"
    rng = np.random.default_rng(0)
    motion = pc2_file.VertexMotion(rng.random((VERTICES, 3)), rng.random((ROWS, 2)), rng.random((2, VERTICES, 3)))
    pc2_file.write(path, motion)
    return path


def test_rows_are_read_and_overwritten_exactly(file) -> None:
    assert pc2_file.row_count(file) == ROWS
    rows = pc2_file.read_rows(file, [0, 3, ROWS], VERTICES)
    assert sorted(rows) == [0, 3]
    pc2_file.write_rows(file, {3: rows[0], ROWS: rows[0]})
    np.testing.assert_array_equal(pc2_file.read_rows(file, [3], VERTICES)[3], rows[0])


def header(magic: bytes = b"POINTCACHE2\0", rows: int = ROWS, vertices: int = VERTICES) -> bytes:
    return struct.pack("<12siiffi", magic, 1, vertices, 0.0, 1.0, rows)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:20],
        lambda data: data[:-1],
        lambda data: header(magic=b"SOMETHINGELS") + data[32:],
        lambda data: header(rows=-1) + data[32:],
        lambda data: header(rows=2**31 - 1) + data[32:],
        lambda data: header(vertices=0) + data[32:],
        lambda data: header(vertices=VERTICES + 1) + data[32:],
    ],
    ids=["empty", "short header", "truncated", "magic", "negative", "too many rows", "no vertices", "more vertices"],
)
def test_damaged_file_raises_scene_error(file, damage) -> None:
    file.write_bytes(damage(file.read_bytes()))
    positions = {0: np.zeros((VERTICES, 3), np.float32)}
    for read in (
        lambda: pc2_file.row_count(file),
        lambda: pc2_file.read_rows(file, [0], VERTICES),
        lambda: pc2_file.write_rows(file, positions),
    ):
        with pytest.raises(errors.SceneError, match="is damaged"):
            read()


def test_missing_file_and_other_mesh_raise_scene_error(file) -> None:
    with pytest.raises(errors.SceneError, match=f"it has {VERTICES} vertices, and the mesh 8"):
        pc2_file.read_rows(file, [0], 8)
    file.unlink()
    with pytest.raises(errors.SceneError, match="cannot be read"):
        pc2_file.row_count(file)
