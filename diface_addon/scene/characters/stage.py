"""Add a camera and soft lights for a portrait of the head."""

from __future__ import annotations

import bpy
from mathutils import Vector

from . import camera

NAME = "DiFACE Stage"
AIM = Vector((0.0, -0.03, 0.012))  # from the pivot of the head: between nose and mouth
FRAME_HEIGHT = 0.36  # m, height of the picture: from the collar to above the hair
STUDIO_LIGHT, EXPOSURE = "outdoor.sl", 0.45  # of Blender; the default one is dim and from below
BACKDROP = (0.055, 0.060, 0.068)

# Name, location from the pivot (m), size (m), power (W), colour, whether eyes and skin reflect it: two reflections
# would cover the pupils.
LIGHTS = (
    ("Key", (0.80, -0.95, 0.80), 0.50, 27.0, (1.0, 0.95, 0.89), True),
    ("Fill", (-0.80, -1.15, -0.10), 1.20, 8.0, (0.90, 0.94, 1.0), False),
    ("Rim", (-0.70, 0.80, 0.60), 0.50, 20.0, (0.95, 0.97, 1.0), True),
)


def add_stage(context: bpy.types.Context, obj: bpy.types.Object) -> bpy.types.Object:
    """Add a camera that frames the head `obj`, three soft lights and a plain world.

    Camera and lights are in the collection "DiFACE Stage". If the scene has a world, it is kept.

    Returns:
        The camera, which becomes the camera of the scene.
    """
    scene = context.scene
    stage = bpy.data.collections.new(NAME)
    scene.collection.children.link(stage)
    context.view_layer.update()  # the matrix of a new object is not computed yet
    pivot = obj.matrix_world.translation.copy()
    aim = pivot + AIM
    portrait = camera.add_camera(stage, f"{NAME} Camera", aim, aim.y, FRAME_HEIGHT)
    for light in LIGHTS:
        _light(stage, aim, *light)
    scene.camera = portrait
    if scene.world is None:
        scene.world = _world()
    return portrait


def use_workbench_look(scene: bpy.types.Scene, obj: bpy.types.Object) -> None:
    """Set Workbench so that the painted head looks like a person: its colours, matt, with cavity shading.

    A character without color attributes shows the colors of its materials.
    """
    shading = scene.display.shading
    shading.light = "STUDIO"
    shading.studio_light = STUDIO_LIGHT
    shading.color_type = "VERTEX" if obj.data.color_attributes else "MATERIAL"
    shading.show_specular_highlight = False
    shading.show_cavity = True
    shading.cavity_type = "WORLD"
    shading.show_shadows = False
    scene.view_settings.view_transform = "Standard"  # pyrefly: ignore[bad-assignment]
    scene.view_settings.exposure = EXPOSURE


def _light(
    stage: bpy.types.Collection,
    aim: Vector,
    name: str,
    place: tuple[float, float, float],
    size: float,
    power: float,
    colour: tuple[float, float, float],
    mirrored: bool,
) -> None:
    data = bpy.data.lights.new(f"{NAME} {name}", "AREA")
    data.size, data.energy, data.color = size, power, colour
    data.specular_factor = float(mirrored)  # for EEVEE
    light = bpy.data.objects.new(data.name, data)
    light.visible_glossy = mirrored  # for Cycles
    stage.objects.link(light)
    light.location = aim + Vector(place)
    light.rotation_euler = (-Vector(place)).to_track_quat("-Z", "Y").to_euler()


def _world() -> bpy.types.World:
    world = bpy.data.worlds.new(NAME)
    if world.node_tree is None:  # from 5.0 on it always exists
        world.use_nodes = True
    world.color = BACKDROP
    background = next(node for node in world.node_tree.nodes if node.type == "BACKGROUND")
    background.inputs["Color"].default_value = (*BACKDROP, 1.0)
    return world
