"""A small character of several parts with bones, whose body moves, for random editing."""

from __future__ import annotations

from collections.abc import Callable

import bpy
import numpy as np
from mathutils import Vector

from diface_addon import compat
from diface_addon.rig import binding
from diface_addon.rig.character import Bones, Character
from diface_addon.rig.discovery.discover import discover
from tests.addon.rig import small_characters
from tests.addon.scene import scenes

TEETH_NAMES = ("jawOpen", "mouthClose")
WALK = {1: 0.0, 40: 0.4, 90: -0.3, 150: 0.1}
"""Frame -> angle of the spine in rad."""
BONES = {
    "hips": "Hips",
    "chest": "Spine",
    "neck": "Neck",
    "head": "Head",
    "jaw": "Jaw",
    "left": "LeftEye",
    "right": "RightEye",
    "tongue": "Tongue",
}
POSES = {
    "viseme_aa": "jawOpen",
    "viseme_O": "mouthPucker",
    "viseme_E": "mouthSmileLeft",
    "viseme_I": "mouthSmileRight",
    "eyeBlinkLeft": "eyeBlinkLeft",
    "eyeBlinkRight": "eyeBlinkRight",
    "browInnerUp": "browInnerUp",
}
"""Shape keys of a face of visemes -> the shape of `small_characters` that each looks like."""
BODY = "Walk"


def add_avatar(scene: bpy.types.Scene, names: tuple[str, ...], mode: str) -> bpy.types.Object:
    """Add a face, teeth and an armature whose spine moves; return the face, active and selected.

    Args:
        scene: The scene.
        names: Shape keys of the face.
        mode: Rotation mode of the head bone.
    """
    teeth = scenes.add_character(scene, TEETH_NAMES)
    teeth.name = "Teeth"
    face = scenes.add_character(scene, names)
    rig = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    spine, head = (rig.data.edit_bones.new(name) for name in ("Spine", "Head"))
    spine.head, spine.tail, head.head, head.tail = (0, 0, -3), (0, 0, -1), (0, 0, -1), (0, 0.1, 1)
    head.parent, head.roll = spine, 0.4
    bpy.ops.object.mode_set(mode="OBJECT")
    rig.pose.bones["Head"].rotation_mode = mode
    for mesh in (face, teeth):
        mesh.vertex_groups.new(name="Head").add(range(8), 1.0, "REPLACE")
        mesh.modifiers.new("Armature", "ARMATURE").object = rig
        mesh.parent = rig
    _walk(rig)
    for obj in bpy.context.selected_objects:
        obj.select_set(obj == face)
    bpy.context.view_layer.objects.active = face
    binding.bind(Character(face, (face, teeth), armature=rig, bones=Bones(head="Head")))
    return face


def add_poser(_scene: bpy.types.Scene, _names: tuple[str, ...], mode: str) -> bpy.types.Object:
    """Add a character whose mouth is visemes, of face and teeth; see `add_avatar`."""
    objects = small_characters.add_avatar(BONES)
    for obj, names in ((objects["face"], POSES), (objects["teeth"], {"viseme_aa": "jawOpen"})):
        obj.shape_key_clear()
        obj.shape_key_add(name="Basis", from_mix=False)
        for name, shape in names.items():
            small_characters.add_shape(obj, shape)
            obj.data.shape_keys.key_blocks[shape].name = name
    return _walking(objects, mode)


def add_boned(_scene: bpy.types.Scene, _names: tuple[str, ...], mode: str) -> bpy.types.Object:
    """Add a character whose mouth only the jaw bone opens, and whose eyes are bones; see `add_avatar`."""
    objects = small_characters.add_avatar(BONES)
    objects["face"].shape_key_remove(objects["face"].data.shape_keys.key_blocks["jawOpen"])
    objects["teeth"].shape_key_clear()
    return _walking(objects, mode)


def add_lidded(_scene: bpy.types.Scene, _names: tuple[str, ...], mode: str) -> bpy.types.Object:
    """Add a character whose jaw, eyes, tongue and lids are bones; see `add_avatar`."""
    objects = small_characters.add_avatar(BONES)
    face, rig = objects["face"], objects["rig"]
    for name in ("eyeBlinkLeft", "eyeBlinkRight", "jawOpen"):
        face.shape_key_remove(face.data.shape_keys.key_blocks[name])
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for side, x in (("Left", 0.032), ("Right", -0.032)):
        lid = rig.data.edit_bones.new(f"{side}UpperLid")
        lid.head, lid.tail, lid.parent = (x, -0.083, 1.635), (x, -0.1, 1.635), rig.data.edit_bones["Head"]
    bpy.ops.object.mode_set(mode="OBJECT")
    for side, x in (("Left", 0.032), ("Right", -0.032)):
        group = face.vertex_groups.new(name=f"{side}UpperLid")
        lid = min(face.data.vertices, key=lambda vertex, x=x: (vertex.co - Vector((x, -0.095, 1.645))).length)
        group.add([lid.index], 0.9, "REPLACE")
        face.vertex_groups["Head"].add([lid.index], 0.1, "REPLACE")
    return _walking(objects, mode)


def _walking(objects: dict[str, bpy.types.Object], mode: str) -> bpy.types.Object:
    """Make the spine of a character move, and bind it; return its face, active and selected."""
    face, rig = objects["face"], objects["rig"]
    face.name = "Character"
    for key in face.data.shape_keys.key_blocks[1:]:
        key.value = 0.0  # 1.0 from 5.0 on
    rig.pose.bones["Head"].rotation_mode = mode
    _walk(rig)
    for obj in bpy.context.selected_objects:
        obj.select_set(False)
    face.select_set(True)
    bpy.context.view_layer.objects.active = face
    binding.bind(discover(face))
    return face


KINDS: dict[str, Callable[[bpy.types.Scene, tuple[str, ...], str], bpy.types.Object]] = {
    "parts": add_avatar,
    "poses": add_poser,
    "bones": add_boned,
    "lids": add_lidded,
}
"""Characters of several parts: with ARKit's shapes, with poses that are solved, with a jaw bone, with lid bones."""


def _walk(rig: bpy.types.Object) -> None:
    pose = rig.pose.bones["Spine"]
    pose.rotation_mode = "XYZ"
    for frame, angle in WALK.items():
        pose.rotation_euler.z = angle
        pose.keyframe_insert("rotation_euler", index=2, frame=frame)
    action = rig.animation_data.action
    action.name, action.use_fake_user = BODY, True


def check_body() -> None:
    """Check that the Action of the body is unchanged and still moves the spine."""
    channels = compat.find_channelbag(bpy.data.actions[BODY], "OBJECT")
    (curve,) = channels.fcurves
    keys = {int(key.co.x): key.co.y for key in curve.keyframe_points}
    assert keys == {frame: np.float32(angle) for frame, angle in WALK.items()}, "the body's Action was changed"
    scene = bpy.context.scene
    before = scene.frame_current, scene.frame_subframe
    scene.frame_set(40)
    seen = bpy.data.objects["Rig"].pose.bones["Spine"].rotation_euler.z
    scene.frame_set(before[0], subframe=before[1])
    assert abs(seen - WALK[40]) < 1e-5, f"the body does not move any more: {seen} instead of {WALK[40]}"
