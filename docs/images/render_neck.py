"""Render the poses of the bundled head in docs/guide/first-lip-sync.md with Workbench.

BLENDER_PYTHON -m docs.images.render_neck
"""

from __future__ import annotations

from math import pi, radians
from pathlib import Path

import bpy
from mathutils import Vector

from diface_addon.scene.characters import stage
from diface_addon.scene.characters.bundled_head import add_head

OUT = Path(__file__).with_name("head-neck.jpg")
POSES = ((0, 0, 0), (25, 0, 0), (-25, 0, 0), (0, 15, 0), (0, 0, 35))
"""Rotations in degrees: rest, nod down, nod up, tilt, turn."""
SPACING, HEIGHT, PIXELS = 0.42, 0.46, 300
"""Metres from head to head and from the lower to the upper edge; pixels of a head's width."""
BODY_TURN = -30


def main() -> None:
    """Add one head for each pose, and render them."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    for number, pose in enumerate(POSES):
        head = add_head(bpy.context, (number * SPACING, 0.0, 0.0))
        head.rotation_euler = [radians(angle) for angle in pose]
        head.parent.rotation_euler.z = radians(BODY_TURN)
    render()


def render() -> None:
    """All heads, seen along +Y without perspective."""
    scene = bpy.context.scene
    camera = bpy.data.cameras.new("camera")
    width = len(POSES) * SPACING
    camera.type, camera.ortho_scale = "ORTHO", width
    eye = bpy.data.objects.new("camera", camera)
    eye.location = Vector(((width - SPACING) / 2, -2.0, -0.055))
    eye.rotation_euler = (pi / 2, 0, 0)
    scene.collection.objects.link(eye)
    scene.camera = eye
    scene.world = bpy.data.worlds.new("world")
    scene.world.color = stage.BACKDROP
    stage.use_workbench_look(scene, bpy.context.object)
    scene.display.shading.background_type = "WORLD"
    scene.display.render_aa = "16"
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.render.resolution_x = len(POSES) * PIXELS
    scene.render.resolution_y = round(PIXELS * HEIGHT / SPACING)
    scene.render.image_settings.file_format = "JPEG"
    scene.render.image_settings.quality = 88
    scene.render.filepath = str(OUT)
    bpy.ops.render.render(write_still=True)


if __name__ == "__main__":
    main()
