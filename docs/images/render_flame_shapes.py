"""Renders the contact sheet of the shapes on a FLAME head, in Blender's Python without a window.

python -m diface_core.faces.transfer.flame_shapes FLAME_FILE --flame FLAME_FILE --out shapes.npz
BLENDER_PYTHON docs/images/render_flame_shapes.py shapes.npz docs/images/flame-shapes.jpg
"""

import sys
from pathlib import Path

import bpy
import numpy as np

POSES = {
    "rest": {},
    "jawOpen": {"jawOpen": 1},
    "jawOpen + mouthClose": {"jawOpen": 1, "mouthClose": 1},
    "mouthFunnel + jawOpen": {"mouthFunnel": 1, "jawOpen": 0.3},
    "mouthPucker": {"mouthPucker": 1},
    "mouthRollLower, Upper": {"mouthRollLower": 1, "mouthRollUpper": 1},
    "mouthPress": {"mouthPressLeft": 1, "mouthPressRight": 1},
    "mouthSmile + cheekSquint": {
        "mouthSmileLeft": 1, "mouthSmileRight": 1, "cheekSquintLeft": 0.6, "cheekSquintRight": 0.6,
    },
    "mouthUpperUp, LowerDown": {
        "mouthUpperUpLeft": 1, "mouthUpperUpRight": 1, "mouthLowerDownLeft": 1, "mouthLowerDownRight": 1,
    },
    "mouthFrown": {"mouthFrownLeft": 1, "mouthFrownRight": 1},
    "mouthLeft": {"mouthLeft": 1},
    "cheekPuff": {"cheekPuff": 1},
    "eyeBlink": {"eyeBlinkLeft": 1, "eyeBlinkRight": 1},
    "eyeWide": {"eyeWideLeft": 1, "eyeWideRight": 1},
    "eyeLook to the left": {"eyeLookOutLeft": 1, "eyeLookInRight": 1},
    "eyeLookDown": {"eyeLookDownLeft": 1, "eyeLookDownRight": 1},
    "browInnerUp": {"browInnerUp": 1},
    "browDown + noseSneer": {"browDownLeft": 1, "browDownRight": 1, "noseSneerLeft": 1, "noseSneerRight": 1},
}  # fmt: skip
COLUMNS, PIXELS, WIDTH, HEIGHT = 6, 1050, 0.215, 0.275
"""Cells a row, pixels per metre, and a cell's metres."""
CUT = 0.095  # m below the middle of the face: where the neck is left out
SKIN, WHITE, IRIS, PUPIL = (0.62, 0.40, 0.31), (0.85, 0.85, 0.82), (0.10, 0.22, 0.30), (0.01, 0.01, 0.01)
MOUTH = (0.03, 0.008, 0.008)
EYEBALLS = (slice(3931, 4477), slice(4477, 5023))
TURN = np.radians(20)


def main(shapes_file: Path, picture: Path) -> None:
    with np.load(shapes_file) as arrays:
        names, deltas = arrays["names"].tolist(), arrays["deltas"]
        rest, faces = arrays["vertices"].astype(float), arrays["faces"]
    bpy.ops.wm.read_factory_settings(use_empty=True)
    colours = coloured(rest)
    middle = np.array([0.0, rest[EYEBALLS[0], 1].mean() - 0.025, 0.0])
    faces = faces[rest[faces, 1].mean(axis=1) > middle[1] - CUT]
    for number, (label, weights) in enumerate(POSES.items()):
        posed = rest + sum((value * deltas[names.index(name)] for name, value in weights.items()), 0 * rest)
        corner = np.array([(number % COLUMNS) * WIDTH, -(number // COLUMNS) * HEIGHT])
        head = add_head(label, posed - middle, faces, colours)
        head.location = (corner[0], 0, corner[1])
        add_plug(posed, middle, head)
        add_label(label, corner)
    render(picture)


def coloured(rest: np.ndarray) -> np.ndarray:
    """A colour (V, 4) for each vertex: skin, and eyes with an iris."""
    colours = np.ones((len(rest), 4))
    colours[:, :3] = SKIN
    for part in EYEBALLS:
        ball = rest[part]
        solved = np.linalg.lstsq(np.c_[2 * ball, np.ones(len(ball))], (ball**2).sum(1), rcond=None)[0]
        ways = ball - solved[:3]
        angle = np.degrees(np.arccos(ways[:, 2] / np.linalg.norm(ways, axis=1)))[:, None]
        colours[part, :3] = np.where(angle < 10, PUPIL, np.where(angle < 26, IRIS, WHITE))
    return colours


def add_head(name: str, vertices: np.ndarray, faces: np.ndarray, colours: np.ndarray) -> bpy.types.Object:
    """A head in FLAME's frame, turned to Blender's and a little to the side."""
    mesh = bpy.data.meshes.new(name)
    cos, sin = np.cos(TURN), np.sin(TURN)
    x, y, z = vertices.T
    mesh.from_pydata(np.c_[cos * x - sin * z, -sin * x - cos * z, y].tolist(), [], faces.tolist())
    mesh.polygons.foreach_set("use_smooth", [True] * len(mesh.polygons))
    layer = mesh.color_attributes.new("colour", "FLOAT_COLOR", "POINT")
    layer.data.foreach_set("color", colours.ravel())
    head = bpy.data.objects.new(name, mesh)
    bpy.context.collection.objects.link(head)
    return head


def add_plug(posed: np.ndarray, middle: np.ndarray, head: bpy.types.Object) -> None:
    """Something dark in the mouth, whose bottom is open on FLAME's mesh."""
    ring = np.array([3514, 3497])
    place = posed[ring].mean(0) - middle - [0.0, 0.0, 0.03]
    bpy.ops.mesh.primitive_uv_sphere_add(segments=24, ring_count=16, radius=1.0)
    plug = bpy.context.object
    cos, sin = np.cos(TURN), np.sin(TURN)
    plug.parent = head
    plug.location = (cos * place[0] - sin * place[2], -sin * place[0] - cos * place[2], place[1])
    plug.scale = (0.034, 0.03, 0.03)
    plug.data.polygons.foreach_set("use_smooth", [True] * len(plug.data.polygons))
    layer = plug.data.color_attributes.new("colour", "FLOAT_COLOR", "POINT")
    layer.data.foreach_set("color", np.tile([*MOUTH, 1.0], len(plug.data.vertices)))


def add_label(text: str, corner: np.ndarray) -> None:
    """A line of text under a head, in front of it."""
    curve = bpy.data.curves.new(text, "FONT")
    curve.body, curve.size, curve.align_x = text, 0.0115, "CENTER"
    label = bpy.data.objects.new(text, curve)
    label.location = (corner[0] + 0.02, -0.3, corner[1] - 0.133)
    label.rotation_euler = (np.pi / 2, 0, 0)
    bpy.context.collection.objects.link(label)


def render(picture: Path) -> None:
    """All of it, seen along +Y, by Workbench."""
    scene, rows = bpy.context.scene, -(-len(POSES) // COLUMNS)
    width, height = COLUMNS * WIDTH, rows * HEIGHT
    camera = bpy.data.cameras.new("camera")
    camera.type, camera.ortho_scale, camera.clip_end = "ORTHO", max(width, height), 10.0
    eye = bpy.data.objects.new("camera", camera)
    eye.location = ((COLUMNS - 1) * WIDTH / 2 + 0.022, -2.0, -(rows - 1) * HEIGHT / 2 - 0.003)
    eye.rotation_euler = (np.pi / 2, 0, 0)
    bpy.context.collection.objects.link(eye)
    scene.camera = eye
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.render.resolution_x, scene.render.resolution_y = int(width * PIXELS), int(height * PIXELS)
    scene.display.shading.color_type, scene.display.shading.light = "VERTEX", "STUDIO"
    scene.display.render_aa, scene.display.shading.show_specular_highlight = "16", False
    world = bpy.data.worlds.new("world")
    world.color = (0.045, 0.05, 0.06)
    scene.world = world
    scene.display.shading.background_type = "WORLD"
    scene.view_settings.view_transform = "Standard"
    scene.render.image_settings.file_format = "JPEG"
    scene.render.image_settings.quality = 88
    scene.render.filepath = str(picture.resolve())
    bpy.ops.render.render(write_still=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
