"""Render the contact sheet of docs/guide/directing.md: every mood, at rest, on a vowel and on an m.

BLENDER_PYTHON -m docs.images.render_moods [--character FILE.fbx] [--out SHEET.jpg]

Each row is a mood: three intensities at rest, then the full one on an open vowel and on an m. The motion is made by
hand, as the moods do not depend on the models.
"""

from __future__ import annotations

import argparse
import tempfile
from math import pi
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector

import diface_addon
from diface_addon.core import channels, mood_controls, types
from diface_addon.jobs import bind_character
from diface_addon.scene.characters import stage
from diface_addon.scene.takes import write_take
from diface_addon.settings import scene_settings

OUT = Path(__file__).with_name("moods.jpg")
REST, VOWEL, M = 40, 120, 160
"""Frames of the sheet."""
COLUMNS = ((0.33, REST), (0.66, REST), (1.0, REST), (1.0, VOWEL), (1.0, M))
"""Intensity and frame."""
PIXELS = 200
"""Width and height of a picture."""
FRAMED = 1.25
"""Height of a picture, in heights of the head."""


def speech() -> types.Motion:
    """Return silence, then an open vowel, an m and a vowel again, at 30 frames a second."""
    values = np.zeros((200, len(channels.ALL)), np.float32)
    jaw, close = channels.ALL.index("jawOpen"), channels.ALL.index("mouthClose")
    at, opened = (100, 110, 130, 150, 170, 180), (0.0, 0.5, 0.5, 0.15, 0.15, 0.5)
    values[:, jaw] = np.interp(np.arange(200), at, opened, left=0.0)
    values[:, close] = np.interp(np.arange(200), (140, 150, 170, 178), (0.0, 0.15, 0.15, 0.0))
    return types.Motion(values, channels.ALL, types.FrameRate(30))


def add_character(file: Path | None) -> bpy.types.Object:
    """Add the bundled head, or import a character."""
    if file is None:
        bpy.ops.diface.add_head()
        return bpy.context.object
    bpy.ops.preferences.addon_enable(module="io_scene_fbx")
    bpy.ops.import_scene.fbx(filepath=str(file))
    main = max((obj for obj in bpy.data.objects if obj.type == "MESH"), key=lambda obj: len(obj.data.vertices))
    bpy.context.view_layer.objects.active = main
    return scene_settings.character(bpy.context)


def set_up(obj: bpy.types.Object) -> None:
    """Add a camera before the head, and set Workbench."""
    scene = bpy.context.scene
    points = np.array([obj.matrix_world @ vertex.co for vertex in obj.data.vertices])
    moved = np.zeros(len(points), bool)
    keys = [key for key in obj.data.shape_keys.key_blocks[1:] if key.name != "breathIn"]
    for key in keys:
        offset = np.array([point.co for point in key.data]) - np.array([v.co for v in obj.data.vertices])
        moved |= np.abs(offset).max(axis=1) > 0.05 * max(np.abs(offset).max(), 1e-9)
    face = points[moved]
    face = face[face[:, 2] > np.quantile(face[:, 2], 0.02)]
    height = 1.35 * float(np.ptp(face[:, 2]))
    middle = Vector((float(np.median(face[:, 0])), 0.0, float(face[:, 2].min() + face[:, 2].max()) / 2))
    camera = bpy.data.cameras.new("camera")
    camera.type, camera.ortho_scale, camera.clip_start = "ORTHO", FRAMED * height, 0.001
    eye = bpy.data.objects.new("camera", camera)
    eye.location = middle + Vector((0.0, float(points[:, 1].min()) - 5 * height, 0.0))
    eye.rotation_euler = (pi / 2, 0, 0)
    scene.collection.objects.link(eye)
    scene.camera = eye
    scene.world = bpy.data.worlds.new("world")
    scene.world.color = stage.BACKDROP
    stage.use_workbench_look(scene, obj)
    scene.display.render_aa = "8"
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.render.resolution_x = scene.render.resolution_y = PIXELS
    scene.render.image_settings.file_format = "PNG"


def picture(frame: int, folder: Path) -> np.ndarray:
    """Render a frame, and return its pixels from the bottom up."""
    scene = bpy.context.scene
    scene.frame_set(frame)
    scene.render.filepath = str(folder / "picture.png")
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath, check_existing=False)
    pixels = np.empty((PIXELS, PIXELS, 4), np.float32)
    image.pixels.foreach_get(pixels.ravel())
    bpy.data.images.remove(image)
    return pixels


def render(obj: bpy.types.Object, out: Path) -> None:
    """Write the sheet: a row for each mood, and one without any."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in mood_controls.NAMES:
            pictures = []
            for intensity, frame in COLUMNS:
                setattr(obj.diface.mood, name, intensity)
                pictures.append(picture(frame, Path(folder)))
            obj.diface.mood.property_unset(name)
            rows.insert(0, np.concatenate(pictures, axis=1))
    save(np.concatenate(rows, axis=0), out)


def save(pixels: np.ndarray, out: Path) -> None:
    """Write pixels (H, W, 4) from the bottom up as a JPEG file."""
    sheet = bpy.data.images.new("sheet", pixels.shape[1], pixels.shape[0])
    sheet.pixels.foreach_set(np.ascontiguousarray(pixels).ravel())
    sheet.filepath_raw, sheet.file_format = str(out), "JPEG"
    sheet.save(quality=85)


def main() -> None:
    """Add a character with a take, and render it in every mood."""
    parser = argparse.ArgumentParser(prog="python -m docs.images.render_moods", description=__doc__)
    parser.add_argument("--character", type=Path, help="FBX file of a character (default: the bundled head)")
    parser.add_argument("--out", type=Path, default=OUT, help="JPEG file to write")
    given = parser.parse_args()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    diface_addon.register()
    bpy.context.scene.render.fps = 30
    obj = add_character(given.character)
    set_up(obj)
    request = {"first_frame": 0, "layers": {"blinks": 0, "gaze": 0, "breath": None}}
    bind_character.bind_new(obj)
    write_take.write_take(obj, speech(), "Moods", request)
    render(obj, given.out)
    diface_addon.unregister()


if __name__ == "__main__":
    main()
