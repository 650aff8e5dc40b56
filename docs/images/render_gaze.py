"""Render the picture of docs/guide/directing.md: a head that looks at targets, from the front and from the target.

BLENDER_PYTHON -m docs.images.render_gaze [--character FILE.fbx] [--out SHEET.jpg]

Columns are targets: straight ahead, a little to the side, far to the side, above, and near. The head nods, so that the
eyes have to make up for it.
"""

from __future__ import annotations

import argparse
import tempfile
from math import atan
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector

import diface_addon
from diface_addon.core import channels, types
from diface_addon.jobs import bind_character
from diface_addon.rig.discovery.find_character import find_character
from diface_addon.scene.directing.gaze.head_frame import HeadFrame
from diface_addon.scene.takes import write_take

from . import render_moods

OUT = Path(__file__).with_name("gaze.jpg")
FRAME = 48
TARGETS = ((0.0, 1.4, 0.0), (0.25, 1.4, 0.0), (1.1, 1.1, 0.05), (0.0, 1.2, 0.45), (0.02, 0.33, -0.05))
"""Metres to the left, ahead and up of the middle of the eyes of a head with 57 mm between the eyes."""
EYES_APART = 0.0574
BALL = 0.012
SEEN = 0.24
"""Metres at the eyes that are seen from a target."""


def nodding() -> types.Motion:
    """Return three seconds of a head that nods."""
    values = np.zeros((72, len(channels.ALL)), np.float32)
    values[:, channels.ALL.index("head_rx")] = 0.09 * np.sin(np.arange(72) / 6)
    return types.Motion(values, channels.ALL, types.FrameRate(24))


def sheet(obj: bpy.types.Object, folder: Path) -> np.ndarray:
    """Return the pixels of the sheet, from the bottom up."""
    write_take.write_take(obj, nodding(), "T", {"first_frame": 1, "layers": {"gaze": 0}, "seed": 0})
    frame = HeadFrame.of(obj, find_character(obj))
    eyes = frame.eyes()
    owner, bone = frame.target.owner, frame.target.bone
    place = np.array(owner.matrix_world @ owner.data.bones[bone].matrix_local if bone else owner.matrix_world)
    centres = [place[:3, :3] @ frame.axes @ eye.centre + place[:3, 3] for eye in eyes]
    size = float(np.linalg.norm(centres[0] - centres[1])) / EYES_APART
    bpy.ops.mesh.primitive_uv_sphere_add(radius=BALL * size)
    ball = bpy.context.object
    ball.color = (0.9, 0.25, 0.1, 1.0)
    gaze = obj.diface.gaze
    gaze.often, gaze.target, gaze.use = 1.0, ball, True
    columns, middle = [], Vector(np.mean(centres, axis=0))
    for left, ahead, up in TARGETS:
        ball.location = middle + size * Vector((left, -ahead, up))
        bpy.context.view_layer.objects.active = obj
        bpy.context.view_layer.update()
        bpy.ops.diface.apply_articulation()
        columns.append(np.concatenate([_from_target(ball, middle, size, folder), render_moods.picture(FRAME, folder)]))
    return np.concatenate(columns, axis=1)


def _from_target(ball: bpy.types.Object, middle: Vector, size: float, folder: Path) -> np.ndarray:
    """Return a picture of the eyes as the target sees them."""
    scene, front = bpy.context.scene, bpy.context.scene.camera
    away = middle - ball.location
    camera = bpy.data.cameras.new("target")
    camera.clip_start, camera.angle = 0.001, 2 * atan(SEEN * size / 2 / away.length)
    eye = bpy.data.objects.new("target", camera)
    eye.location, eye.rotation_euler = ball.location, away.to_track_quat("-Z", "Y").to_euler()
    scene.collection.objects.link(eye)
    scene.camera, ball.hide_render = eye, True
    found = render_moods.picture(FRAME, folder)
    scene.camera, ball.hide_render = front, False
    bpy.data.objects.remove(eye)
    return found


def main() -> None:
    """Render the sheet."""
    parser = argparse.ArgumentParser(prog="python -m docs.images.render_gaze", description=__doc__)
    parser.add_argument("--character", type=Path, help="FBX file of a character (default: the bundled head)")
    parser.add_argument("--out", type=Path, default=OUT, help="JPEG file to write")
    chosen = parser.parse_args()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    diface_addon.register()
    bpy.context.scene.render.fps = 24
    obj = render_moods.add_character(chosen.character)
    bind_character.bind_new(obj)
    render_moods.set_up(obj)
    with tempfile.TemporaryDirectory() as folder:
        render_moods.save(sheet(obj, Path(folder)), chosen.out)
    diface_addon.unregister()


if __name__ == "__main__":
    main()
