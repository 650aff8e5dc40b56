"""FLAME meshes for tests, in the orientations and units of typical files, and motion for them."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np

from diface_addon.core import channels, placement, types
from diface_addon.scene.characters import flame_mesh
from diface_addon.scene.takes import take_writers, write_take

ROWS, SHAPES, FIRST = 24, 9, 5

# name -> (flame = scale * rotation @ local + shift)
ORIENTATIONS = {
    "FLAME's axes": (1.0, np.eye(3), (0.0, 0.0, 0.0)),
    "Z up": (1.0, placement.FROM_BLENDER, (0.0, 0.0, 0.0)),
    "Y up in centimetres": (0.01, np.eye(3), (0.0, 0.0, 0.0)),
    "other origin": (1.0, placement.FROM_BLENDER, (0.1, -1.6, 0.3)),
    "mirrored": (1.0, np.diag([-1.0, 1.0, 1.0]), (0.0, 0.0, 0.0)),
}


def add_flame(file: Path, orientation: str = "Z up", identity: float = 0.0) -> bpy.types.Object:
    """Add a FLAME mesh, active and selected.

    Args:
        file: The FLAME file.
        orientation: A key of ORIENTATIONS.
        identity: Maximum displacement in metres of an artificial identity from the template.
    """
    scale, rotation, shift = ORIENTATIONS[orientation]
    with np.load(file) as arrays:
        vertices, faces = arrays["v_template"].astype(np.float64), arrays["faces"]
    bump = np.sin(vertices * 25.0 + 1.0)
    vertices = vertices + identity * bump
    mesh = bpy.data.meshes.new("Face")
    mesh.from_pydata(((vertices - shift) @ rotation / scale).tolist(), [], faces.tolist())
    obj = bpy.data.objects.new("Face", mesh)
    bpy.context.scene.collection.objects.link(obj)
    for other in bpy.context.view_layer.objects:
        other.select_set(other == obj)
    bpy.context.view_layer.objects.active = obj
    return obj


def motion(seed: int = 0, head: bool = True, rate: float = 24.0) -> tuple[types.Motion, types.Shapes]:
    """Return a smooth motion of `ROWS` rows with `SHAPES` shapes that move millimetres, and of the head."""
    draw = np.random.default_rng(seed)
    names = tuple(f"shape_{number:02d}" for number in range(1, SHAPES + 1))
    deltas = draw.normal(size=(SHAPES, 5023, 3)).astype(np.float32) * 0.004
    phase = np.linspace(0, 6, ROWS)[:, None] + np.arange(SHAPES + 3)
    values = np.sin(phase).astype(np.float32)
    values[:, SHAPES:] *= 0.4
    all_names = (*names, *channels.HEAD)
    made = types.Motion(values, all_names, types.FrameRate(rate))
    return (made if head else made.select(names)), types.Shapes(names, deltas, 1e-6)


def write(
    obj: bpy.types.Object, file: Path | None, as_cache: bool, seed: int = 0, head: bool = True
) -> write_take.TakeResult:
    """Write a take of `motion` to `obj`."""
    made, shapes = motion(seed, head)
    custom_shapes, placed = take_writers.CustomShapes(shapes, as_cache), flame_mesh.estimate_placement(obj, file)
    return write_take.write_take(
        obj, made, f"3DiFACE {seed}", {"first_frame": FIRST, "seed": seed}, placed, custom_shapes
    )


def expected(obj: bpy.types.Object, orientation: str, seed: int = 0) -> np.ndarray:
    """Return the vertices (T, V, 3) of `motion` in the mesh's coordinates, without the rotation of the head."""
    scale, rotation, _shift = ORIENTATIONS[orientation]
    made, shapes = motion(seed)
    weights = made.select(shapes.names).values.astype(np.float64)
    moved = np.einsum("tk,kvc->tvc", weights, shapes.deltas.astype(np.float64)) @ rotation / scale
    return flame_mesh.rest_vertices(obj).astype(np.float64) + moved


def evaluated_vertices(obj: bpy.types.Object, frame: int) -> np.ndarray:
    """Return the vertices (V, 3) of the evaluated mesh at a frame, in the mesh's coordinates."""
    bpy.context.scene.frame_set(frame)
    mesh = obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    found = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", found)
    return found.reshape(-1, 3)
