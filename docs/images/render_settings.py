"""Render the rows of heads of docs/guide/settings.md with Workbench, from the poses that plot_settings.py wrote.

BLENDER_PYTHON -m docs.images.render_settings out/poses.npz
"""

from __future__ import annotations

import sys
from pathlib import Path

import bpy
import numpy as np

import diface_addon
from diface_addon.scene.characters import stage

IMAGES = Path(__file__).parent
SPACING, HEIGHT, PIXELS = 0.27, 0.36, 300
"""Metres from head to head and from the lower to the upper edge; pixels of a head's width."""


def main(poses_file: Path) -> None:
    """Render one picture for each prefix of the array names."""
    with np.load(poses_file) as arrays:
        names = arrays["channels"].tolist()
        poses = {key: arrays[key] for key in arrays.files if "/" in key}
    for picture in dict.fromkeys(key.partition("/")[0] for key in poses):
        some = {key.partition("/")[2]: pose for key, pose in poses.items() if key.startswith(picture + "/")}
        bpy.ops.wm.read_factory_settings(use_empty=True)
        diface_addon.register()
        try:
            for number, (label, pose) in enumerate(some.items()):
                add_head(number, label, dict(zip(names, pose.tolist(), strict=True)))
            render(picture, len(some))
        finally:
            diface_addon.unregister()


def add_head(number: int, label: str, weights: dict[str, float]) -> None:
    """A bundled head in this pose, and its label below."""
    bpy.context.scene.cursor.location = (number * SPACING, 0.0, 0.0)
    bpy.ops.diface.add_head()
    blocks = bpy.context.object.data.shape_keys.key_blocks
    for name, value in weights.items():
        if name in blocks:
            blocks[name].value = value
    curve = bpy.data.curves.new(label, "FONT")
    curve.body, curve.size, curve.align_x = label, 0.018, "CENTER"
    text = bpy.data.objects.new(label, curve)
    text.location = (number * SPACING, -0.5, stage.AIM.z - HEIGHT / 2 + 0.012)
    text.rotation_euler = (np.pi / 2, 0, 0)
    bpy.context.collection.objects.link(text)


def render(picture: str, heads: int) -> None:
    """All heads, seen along +Y without perspective."""
    scene = bpy.context.scene
    camera = bpy.data.cameras.new("camera")
    width = heads * SPACING
    camera.type, camera.ortho_scale = "ORTHO", max(width, HEIGHT)
    eye = bpy.data.objects.new("camera", camera)
    eye.location = ((heads - 1) * SPACING / 2, -2.0, stage.AIM.z)
    eye.rotation_euler = (np.pi / 2, 0, 0)
    scene.collection.objects.link(eye)
    scene.camera = eye
    world = bpy.data.worlds.new("world")
    world.color = (0.055, 0.060, 0.068)
    scene.world = world
    stage.use_workbench_look(scene, bpy.context.object)
    scene.display.shading.background_type = "WORLD"
    scene.display.render_aa = "16"
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.render.resolution_x = heads * PIXELS
    scene.render.resolution_y = round(PIXELS * HEIGHT / SPACING)
    scene.render.image_settings.file_format = "JPEG"
    scene.render.image_settings.quality = 88
    scene.render.filepath = str(IMAGES / f"settings-{picture}.jpg")
    bpy.ops.render.render(write_still=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
