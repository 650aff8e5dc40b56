"""Import exported files into an empty file, and compare them with the character that was exported."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from mathutils.kdtree import KDTree

from tests.addon.scene import scenes
from tests.addon.scene.export.exports import load_alembic, load_fbx, vertices

TOLERANCE_MM, TOLERANCE_DEGREES = 0.1, 0.05


@dataclass(frozen=True)
class Seen:
    """What a character shows: vertices (T, V, 3) in metres of each mesh, and rotations (T, 3, 3) of bones."""

    meshes: dict[str, np.ndarray]
    bones: dict[str, np.ndarray]


def see(meshes, armature, frames, bones=None) -> Seen:
    """Return what the meshes and the bones of an armature show at some frames."""
    points: dict[str, list[np.ndarray]] = {plain(obj.name): [] for obj in meshes}
    turned: dict[str, list[np.ndarray]] = {}
    names = bones if bones is not None else [bone.name for bone in armature.pose.bones] if armature else []
    for frame in frames:
        for obj in meshes:
            points[plain(obj.name)].append(vertices(obj, frame))
        if armature is not None:
            evaluated = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
            for name in names:
                matrix = evaluated.matrix_world @ evaluated.pose.bones[name].matrix
                turned.setdefault(plain(name), []).append(np.array(matrix.to_quaternion().to_matrix()))
    return Seen(*({name: np.stack(rows) for name, rows in found.items()} for found in (points, turned)))


def plain(name: str) -> str:
    """Return a name as USD writes it."""
    return "".join(letter if letter.isalnum() else "_" for letter in name)


def reimported(path: Path, rate: float, count: int, first: int, shown: tuple[str, ...] = ()) -> Seen:
    """Import a file into a new one, and return what they show; `first` is the frame of the first sample in FBX and USD.

    Args:
        path: The file.
        rate: Frames per second.
        count: Number of samples.
        first: Frame of the scene at the first one.
        shown: Bones, as `plain` names them; empty: all.
    """
    scenes.new_file()
    scene = bpy.context.scene
    scene.render.fps = round(rate)
    scene.render.fps_base = round(rate) / rate
    LOADERS[path.suffix](path)
    start = 0 if path.suffix == ".glb" else first
    meshes = [obj for obj in scene.objects if obj.type == "MESH" and not obj.name.startswith("Icosphere")]
    armature = next((obj for obj in scene.objects if obj.type == "ARMATURE"), None)
    names = [bone.name for bone in armature.pose.bones if not shown or plain(bone.name) in shown] if armature else []
    for obj in meshes:  # the glTF importer adds an empty with the name, the USD importer takes that of the mesh
        if obj.name[-4:-3] == ".":
            obj.name = obj.name[:-4] + " "
    found = see(meshes, armature, range(start, start + count), names)
    by_data = {plain(obj.data.name): found.meshes[plain(obj.name)] for obj in meshes}
    by_object = {name.rstrip("_"): points for name, points in found.meshes.items()}
    return Seen(by_data | by_object, found.bones)


def load_gltf(path: Path) -> None:
    bpy.ops.import_scene.gltf(filepath=str(path), merge_vertices=False)


def load_usd(path: Path) -> None:
    bpy.ops.wm.usd_import(filepath=str(path), import_skeletons=True, import_blendshapes=True)


LOADERS = {".fbx": load_fbx, ".glb": load_gltf, ".usdc": load_usd, ".usda": load_usd, ".abc": load_alembic}


def distance_mm(wanted: np.ndarray, found: np.ndarray) -> float:
    """Return the largest distance of vertices (T, V, 3) in millimetres; of the nearest ones if a format splits them."""
    if found.shape == wanted.shape:
        return 1000 * float(np.linalg.norm(found - wanted, axis=2).max())
    largest = 0.0
    for a, b in zip(wanted, found, strict=True):
        tree = KDTree(len(a))
        for index, point in enumerate(a):
            tree.insert(point, index)
        tree.balance()
        largest = max(largest, *(tree.find(point)[2] for point in b))
    return 1000 * largest


def degrees(wanted: np.ndarray, found: np.ndarray) -> float:
    """Return the largest difference of rotations (T, 3, 3) relative to the first one, in degrees."""
    a, b = (turned @ turned[0].T for turned in (wanted, found))
    between = np.einsum("tij,tik->tjk", a, b)
    sine = np.linalg.norm(
        np.stack([between[:, 2, 1] - between[:, 1, 2], between[:, 0, 2] - between[:, 2, 0],
                  between[:, 1, 0] - between[:, 0, 1]], axis=1), axis=1) / 2  # fmt: skip
    return float(np.degrees(np.arctan2(sine, (np.trace(between, axis1=1, axis2=2) - 1) / 2)).max())


def assert_same(wanted: Seen, found: Seen, data_names: dict[str, str]) -> None:
    """Check that every mesh and every bone of `wanted` is in `found` and moves like it.

    `data_names` has the name of each object's mesh, as `plain` writes them.
    """
    for name, points in wanted.meshes.items():
        here = found.meshes[name if name in found.meshes else data_names[name]]
        assert distance_mm(points, here) < TOLERANCE_MM, name
    for name, turned in wanted.bones.items():
        assert degrees(turned, found.bones[name]) < TOLERANCE_DEGREES, name
