"""Mesh files: polygons become triangles, and what is no mesh is refused."""

from __future__ import annotations

import numpy as np
import pytest

from diface_core import DifaceError
from diface_core.faces.flame.mesh_files import read_mesh

SQUARE = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\n"


@pytest.mark.parametrize("face", ["f 1 2 3 4", "f 1/7 2/7/7 3//7 4", "f -4 -3 -2 -1"])
def test_polygon_becomes_a_fan_of_triangles(tmp_path, face):
    path = tmp_path / "square.obj"
    path.write_text(SQUARE + face + "\n")
    vertices, faces = read_mesh(path)
    np.testing.assert_array_equal(vertices, [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    np.testing.assert_array_equal(faces, [[0, 1, 2], [0, 2, 3]])


@pytest.mark.parametrize("line", ["v 1 2", "v 1 x 2", "f 1 2 9", "f 1 2 -9", "f 1 2 99999999999999", "f a b c"])
def test_damaged_obj_is_refused(tmp_path, line):
    path = tmp_path / "square.obj"
    path.write_text(SQUARE + line + "\n")
    with pytest.raises(DifaceError, match=r"square\.obj"):
        read_mesh(path)


@pytest.mark.parametrize("arrays", [{"vertices": np.zeros((3, 2))}, {"faces": np.full((1, 3), 3)}, {"faces": ["a"]}])
def test_arrays_that_are_no_mesh_are_refused(tmp_path, arrays):
    path = tmp_path / "mesh.npz"
    mesh = {"vertices": np.zeros((3, 3)), "faces": np.array([[0, 1, 2]])}
    np.savez(path, **mesh)
    assert len(read_mesh(path)[0]) == 3
    np.savez(path, **{**mesh, **arrays})
    with pytest.raises(DifaceError, match="is no mesh"):
        read_mesh(path)
