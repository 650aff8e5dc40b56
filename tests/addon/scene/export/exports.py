"""Animate characters for export tests, and import what was exported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np

from diface_addon.core import channels, types
from diface_addon.scene.takes import write_take

FIRST, LAST = 5, 34


def animate(obj) -> None:
    """Write a take with changing values of all channels."""
    rows = LAST - FIRST + 1
    phase = np.linspace(0, 6, rows)[:, None] + np.arange(len(channels.ALL))
    values = (0.25 + 0.25 * np.sin(phase)).astype(np.float32)
    motion = types.Motion(values, channels.ALL, types.FrameRate(24))
    write_take.write_take(obj, motion, "T", {"first_frame": FIRST})


def vertices(obj, frame: int) -> np.ndarray:
    """Return the evaluated vertices (V, 3) in world space at a frame."""
    bpy.context.scene.frame_set(frame)
    evaluated = obj.evaluated_get(bpy.context.evaluated_depsgraph_get())
    mesh = evaluated.to_mesh()
    found = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", found)
    world = np.array(evaluated.matrix_world)
    return found.reshape(-1, 3) @ world[:3, :3].T + world[:3, 3]


def imported(load: Callable[[], object]) -> bpy.types.Object:
    """Run an importer and return the mesh object that it adds."""
    before = set(bpy.data.objects)
    load()
    return next(obj for obj in set(bpy.data.objects) - before if obj.type == "MESH")


def load_fbx(path: Path) -> None:
    bpy.ops.import_scene.fbx(filepath=str(path), anim_offset=0.0)


def load_alembic(path: Path) -> None:
    bpy.ops.wm.alembic_import(filepath=str(path), as_background_job=False)
