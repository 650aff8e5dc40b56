"""Write the largest mesh of a file with its shape keys, for `diface_core.faces.registration.measure_registration`.

python -m tests.addon.measurements.export_head FILE.blend|FILE.fbx HEAD.npz
"""

from __future__ import annotations

import argparse
from pathlib import Path

import bpy
import numpy as np


def read_head(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of the largest mesh in a .blend or .fbx file, in the world's axes."""
    if path.suffix == ".fbx":
        bpy.ops.wm.read_factory_settings(use_empty=True)
        bpy.ops.import_scene.fbx(filepath=str(path))
    else:
        bpy.ops.wm.open_mainfile(filepath=str(path))
    meshes = [obj for obj in bpy.data.objects if obj.type == "MESH"]
    obj = max(meshes, key=lambda mesh: len(mesh.data.vertices))
    matrix = np.array(obj.matrix_world)
    obj.data.calc_loop_triangles()
    faces = np.array([triangle.vertices for triangle in obj.data.loop_triangles], np.int32)
    keys = obj.data.shape_keys.key_blocks[1:] if obj.data.shape_keys else []
    rest = _positions(obj.data.shape_keys.reference_key.data if keys else obj.data.vertices)
    deltas = [(_positions(key.data) - rest) @ matrix[:3, :3].T for key in keys]
    return {
        "vertices": rest @ matrix[:3, :3].T + matrix[:3, 3],
        "faces": faces,
        "names": np.array([key.name for key in keys], dtype=str),
        "deltas": np.array(deltas).reshape(-1, len(rest), 3),
    }


def _positions(points: bpy.types.bpy_prop_collection) -> np.ndarray:
    values = np.empty(3 * len(points), np.float32)
    points.foreach_get("co", values)
    return values.reshape(-1, 3)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Write a head with its shape keys as .npz.")
    parser.add_argument("file", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    np.savez(options.out, **read_head(options.file))


if __name__ == "__main__":
    main()
