"""A camera and soft light for a portrait of the head: what a render of an otherwise empty scene needs."""

from __future__ import annotations

import math

import bpy
from mathutils import Vector

NAME = "DiFACE Stage"
LENS, SENSOR_HEIGHT = 85.0, 24.0  # mm, a portrait lens on full frame
AIM = Vector((0.0, -0.03, 0.012))  # from the head's pivot: between nose and mouth
FRAME_HEIGHT = 0.36  # m from the picture's lower to its upper edge: from the collar to above the hair
STUDIO_LIGHT, EXPOSURE = "outdoor.sl", 0.45  # Blender's own; the default one is dim and from below
BACKDROP = (0.055, 0.060, 0.068)

# Name, place from the pivot (m), size (m), power (W), colour, whether eyes and skin mirror it: two mirrored lights
# would cover the pupils.
LIGHTS = (
    ("Key", (0.80, -0.95, 0.80), 0.50, 27.0, (1.0, 0.95, 0.89), True),
    ("Fill", (-0.80, -1.15, -0.10), 1.20, 8.0, (0.90, 0.94, 1.0), False),
    ("Rim", (-0.70, 0.80, 0.60), 0.50, 20.0, (0.95, 0.97, 1.0), True),
)


def add_stage(context: bpy.types.Context, obj: bpy.types.Object) -> bpy.types.Object:
    """A camera that frames the head `obj`, three soft lights and a plain world; returns the camera, now the scene's.

    Everything lies in a collection of its own, "DiFACE Stage". The scene keeps its world where it has one.
    """
    scene = context.scene
    stage = bpy.data.collections.new(NAME)
    scene.collection.children.link(stage)
    context.view_layer.update()  # an object made just now has no place yet
    pivot = obj.matrix_world.translation.copy()
    camera = _camera(stage, pivot + AIM)
    for light in LIGHTS:
        _light(stage, pivot + AIM, *light)
    scene.camera = camera
    if scene.world is None:
        scene.world = _world()
    return camera


def use_workbench_look(scene: bpy.types.Scene, obj: bpy.types.Object) -> None:
    """Workbench's settings under which the painted head looks like a person: its colours, matt, with shaded creases.

    A character that is not painted shows its materials' colours.
    """
    shading = scene.display.shading
    shading.light = "STUDIO"
    shading.studio_light = STUDIO_LIGHT
    shading.color_type = "VERTEX" if obj.data.color_attributes else "MATERIAL"
    shading.show_specular_highlight = False
    shading.show_cavity = True
    shading.cavity_type = "WORLD"
    shading.show_shadows = False
    scene.view_settings.view_transform = "Standard"
    scene.view_settings.exposure = EXPOSURE


def _camera(stage: bpy.types.Collection, aim: Vector) -> bpy.types.Object:
    data = bpy.data.cameras.new(f"{NAME} Camera")
    data.lens, data.sensor_height, data.sensor_fit = LENS, SENSOR_HEIGHT, "VERTICAL"
    data.clip_start = 0.01
    camera = bpy.data.objects.new(data.name, data)
    stage.objects.link(camera)
    camera.location = aim + Vector((0.0, -FRAME_HEIGHT * LENS / SENSOR_HEIGHT, 0.0))
    camera.rotation_euler = (math.pi / 2, 0.0, 0.0)
    return camera


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
    data.specular_factor = float(mirrored)  # EEVEE's way to say it
    light = bpy.data.objects.new(data.name, data)
    light.visible_glossy = mirrored  # Cycles's
    stage.objects.link(light)
    light.location = aim + Vector(place)
    light.rotation_euler = (-Vector(place)).to_track_quat("-Z", "Y").to_euler()


def _world() -> bpy.types.World:
    world = bpy.data.worlds.new(NAME)
    if world.node_tree is None:  # from 5.0 on there always is one
        world.use_nodes = True
    world.color = BACKDROP
    background = next(node for node in world.node_tree.nodes if node.type == "BACKGROUND")
    background.inputs["Color"].default_value = (*BACKDROP, 1.0)
    return world
