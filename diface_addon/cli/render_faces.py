"""Render faces whose vertices move, side by side and with their sound.

    python -m diface_addon.cli.render_faces JOB OUT

For a Blender without a window, or a Python that has Blender as a module; diface_core.threediface.cli.video_renderer
runs it. JOB is a .json file; mesh.npz, sound.wav and a point cache for each face (0.pc2, 1.pc2) are in its folder. OUT
is an .mp4 file. Prints `rendered N` after each frame, and `finished` when the file is complete.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector

from .. import compat
from ..scene.characters import camera, stage

FACE_SPACING = 1.2
"""Distance between two faces, in widths of a face."""
FRAME_MARGIN = 1.12
"""Height of the picture, in heights of a face."""
CAPTION_HEIGHT = 0.05
"""Height of a caption, in heights of the picture."""


def main(job_file: Path, out: Path) -> None:
    """Build the scene, and render it."""
    job = json.loads(job_file.read_text("utf-8"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    mesh = np.load(job_file.with_name("mesh.npz"))
    vertices = mesh["vertices"]
    width = FACE_SPACING * float(np.ptp(vertices[:, 0]))
    faces = [
        _add_face(mesh, job_file.with_name(f"{number}.pc2"), number * width) for number in range(len(job["captions"]))
    ]
    _add_camera(scene, vertices, width, len(faces))
    height = FRAME_MARGIN * float(np.ptp(vertices[:, 2]))
    for number, caption in enumerate(job["captions"]):
        _add_caption(caption, number * width, vertices, height)
    stage.use_workbench_look(scene, faces[0])
    scene.display.render_aa = "5"  # half the time of the default 8
    scene.world = bpy.data.worlds.new("Film")
    scene.world.color = stage.BACKDROP
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.render.fps = round(job["fps"])
    scene.frame_start, scene.frame_end = 1, job["frames"]
    scene.render.resolution_x = job["size"][0] * len(faces)
    scene.render.resolution_y = job["size"][1]
    if compat.HAS_AUDIO:
        strips = compat.strips(scene.sequence_editor_create())
        strips.new_sound("speech", str(job_file.with_name("sound.wav")), 1, 1)
    _render(scene, out)
    print("finished", flush=True)


def _add_face(mesh: np.lib.npyio.NpzFile, cache: Path, x: float) -> bpy.types.Object:
    data = bpy.data.meshes.new(cache.stem)
    data.from_pydata(mesh["vertices"].tolist(), [], mesh["faces"].tolist())
    data.polygons.foreach_set("use_smooth", np.ones(len(data.polygons), bool))
    colours = data.color_attributes.new("Colour", "FLOAT_COLOR", "POINT")
    colours.data.foreach_set("color_srgb", np.insert(mesh["colours"], 3, 1.0, axis=1).ravel())
    obj = bpy.data.objects.new(data.name, data)
    bpy.context.collection.objects.link(obj)
    obj.location.x = x
    modifier = obj.modifiers.new("Motion", "MESH_CACHE")
    modifier.cache_format, modifier.filepath, modifier.frame_start = "PC2", str(cache), 1.0
    return obj


def _add_camera(scene: bpy.types.Scene, vertices: np.ndarray, width: float, faces: int) -> None:
    low, high = vertices.min(0), vertices.max(0)
    center = Vector(((low + high) / 2).tolist())
    center.x += width * (faces - 1) / 2
    frame_height = FRAME_MARGIN * float(high[2] - low[2])
    scene.camera = camera.add_camera(scene.collection, "Film", center, float(low[1]), frame_height)


def _add_caption(caption: str, x: float, vertices: np.ndarray, height: float) -> None:
    if not caption:
        return
    text = bpy.data.curves.new("Caption", "FONT")
    text.body, text.align_x, text.size = caption, "CENTER", CAPTION_HEIGHT * height
    material = bpy.data.materials.new("Caption")
    material.diffuse_color = (0.9, 0.9, 0.9, 1.0)  # pyrefly: ignore[bad-assignment]
    text.materials.append(material)
    obj = bpy.data.objects.new("Caption", text)
    bpy.context.collection.objects.link(obj)
    low, high = vertices.min(0), vertices.max(0)
    obj.location = (x + (low[0] + high[0]) / 2, low[1] - 0.01, (low[2] + high[2]) / 2 - height * 0.47)
    obj.rotation_euler = (math.pi / 2, 0.0, 0.0)


def _render(scene: bpy.types.Scene, out: Path) -> None:
    render = scene.render
    render.filepath, render.use_file_extension = str(out), False
    compat.use_video(render.image_settings)
    video = render.ffmpeg
    video.format, video.codec, video.constant_rate_factor = "MPEG4", "H264", "HIGH"
    video.audio_codec = "AAC" if compat.HAS_AUDIO else "NONE"
    video.audio_channels, video.audio_mixrate = "STEREO", 48000

    def report_frame(rendered: bpy.types.Scene, _: object = None) -> None:
        print(f"rendered {rendered.frame_current}", flush=True)

    bpy.app.handlers.render_write.append(report_frame)
    try:
        bpy.ops.render.render(animation=True)
    finally:
        bpy.app.handlers.render_write.remove(report_frame)


if __name__ == "__main__":
    main(*map(Path, sys.argv[-2:]))
