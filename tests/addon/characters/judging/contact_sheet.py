"""Contact sheets: pictures of a character at some frames, side by side in one PNG."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix, Vector

from diface_addon.scene.characters import stage

from ..bundled_parts import FloatArray
from ..kinds import Built

WIDTH, HEIGHT = 300, 360
FRAMED = 1.9
"""Height of the picture, in sizes of the head: shoulders are seen."""


def write_contact_sheet(built: Built, skull: FloatArray, head_size: float, frames: Sequence[int], path: Path) -> None:
    """Render a character from the front and a little from its left.

    Args:
        built: The character.
        skull: (N, 3) the vertices `built.skull` at rest.
        head_size: Height of the head in metres of the character's space.
        frames: One picture each.
        path: PNG file.
    """
    scene = bpy.context.scene
    camera = _add_camera(built, skull, head_size)
    _set_look(scene, built)
    scene.camera = camera
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for frame in frames:
            scene.frame_set(frame)
            scene.render.filepath = str(Path(folder) / f"{frame}.png")
            bpy.ops.render.render(write_still=True)
            rows.append(_pixels(scene.render.filepath))
    sheet = bpy.data.images.new(path.stem, WIDTH * len(frames), HEIGHT)
    sheet.pixels.foreach_set(np.concatenate(rows, axis=1).ravel())
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.filepath_raw, sheet.file_format = str(path), "PNG"
    sheet.save()
    bpy.data.images.remove(sheet)


def _add_camera(built: Built, skull: FloatArray, head_size: float) -> bpy.types.Object:
    """Add an orthographic camera that follows nothing, placed in the character's space."""
    data = bpy.data.cameras.new("Contact Sheet")
    scale = built.world.to_scale()
    size = (abs(scale.x) + abs(scale.y) + abs(scale.z)) / 3 * head_size
    data.type, data.ortho_scale = "ORTHO", FRAMED * size
    camera = bpy.data.objects.new("Contact Sheet", data)
    bpy.context.scene.collection.objects.link(camera)
    middle = Vector((skull[:, 0].mean(), skull[:, 1].mean(), skull[:, 2].max() - 0.75 * head_size))
    place = built.world @ (middle + 6 * head_size * Vector((0.35, -1.0, 0.1)))
    back = (place - built.world @ middle).normalized()
    up = (built.world.to_3x3() @ Vector((0.0, 0.0, 1.0))).normalized()
    right = up.cross(back).normalized()
    camera.matrix_world = Matrix.Translation(place) @ Matrix((right, back.cross(right), back)).transposed().to_4x4()
    data.clip_start, data.clip_end = size / 10, size * 30
    return camera


def _set_look(scene: bpy.types.Scene, built: Built) -> None:
    stage.use_workbench_look(scene, built.main)
    scene.display.shading.color_type = "RANDOM"
    scene.world = scene.world or bpy.data.worlds.new("Contact Sheet")
    scene.world.color = stage.BACKDROP
    render = scene.render
    render.engine = "BLENDER_WORKBENCH"
    render.resolution_x, render.resolution_y, render.resolution_percentage = WIDTH, HEIGHT, 100
    render.image_settings.file_format = "PNG"


def _pixels(file: str) -> np.ndarray:
    image = bpy.data.images.load(file, check_existing=False)
    pixels = np.empty((HEIGHT, WIDTH, 4), np.float32)
    image.pixels.foreach_get(pixels.ravel())
    bpy.data.images.remove(image)
    return pixels
