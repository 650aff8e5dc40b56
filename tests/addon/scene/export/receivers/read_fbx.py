"""Read an FBX file with ufbx: python read_fbx.py FILE.fbx OUT.npz COUNT RATE.

Writes the skinned vertices (T, V, 3) in metres with Z up of each mesh, and the names of nodes, blend channels and
animations. Runs in the environment of the receivers, without Blender.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import TypeVar

import numpy as np
import ufbx

Kept = TypeVar("Kept")
_kept: list[object] = []


def keep(value: Kept) -> Kept:
    """Keep an object of ufbx 0.0.5, which frees memory that is in use when its objects are collected."""
    _kept.append(value)
    return value


def names(elements) -> list[str]:
    return [keep(element).name for element in keep(elements)]


def main(path: str, out: str, count: int, rate: float) -> None:
    scene = keep(ufbx.load_file(path, target_axes=ufbx.axes_right_handed_z_up, target_unit_meters=1.0))
    stack = keep(keep(scene.anim_stacks)[0])
    animation, meshes = keep(stack.anim), names(scene.meshes)
    found: dict[str, list[np.ndarray]] = {f"mesh {name}": [] for name in meshes}
    for sample in range(count):
        posed = keep(scene.evaluate(animation, stack.time_begin + sample / rate, evaluate_skinning=True))
        for name, mesh in zip(meshes, keep(posed.meshes), strict=True):
            points = np.array(keep(keep(keep(mesh).skinned_position).values))
            if mesh.skinned_is_local:
                node = keep(keep(mesh.instances)[0])
                matrix = keep(node.geometry_to_world)
                columns = np.array([(c.x, c.y, c.z) for c in (matrix.c0, matrix.c1, matrix.c2, matrix.c3)])
                points = points @ columns[:3] + columns[3]
            found[f"mesh {name}"].append(points)
    lists = {"nodes": names(scene.nodes), "channels": names(scene.blend_channels), "clips": names(scene.anim_stacks)}
    rows = {name: np.stack(points) for name, points in found.items()}
    np.savez(out, **rows, **{name: np.array(listed, str) for name, listed in lists.items()})


if __name__ == "__main__":
    gc.disable()
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
    sys.stdout.flush()
    os._exit(0)
