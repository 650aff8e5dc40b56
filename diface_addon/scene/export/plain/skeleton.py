"""A skeleton for the bundled head, whose neck is a modifier: no file format has Blender's modifiers."""

from __future__ import annotations

import bpy
import numpy as np

from ...characters import neck
from . import transforms
from .copies import Copies
from .transforms import FloatArray

HEAD_BONE, BODY_BONE = "Head", "Body"
ARMATURE_NAME = "DiFACE Armature"
BONE_LENGTH = 0.1  # metres


def add_skeleton(
    obj: bpy.types.Object, copies: Copies, collection: bpy.types.Collection, scene: bpy.types.Scene
) -> bpy.types.Object:
    """Skin the copy of a head with a neck to an armature with two bones: Body stays with the shoulders.

    Args:
        obj: The head, whose copy is in `copies`.
        copies: The armature is added to them.
        collection: The collection of the copies.
        scene: A scene that has the collection.

    Returns:
        The armature, the parent of the copy. Its axes are those of the object, so that the rotations of the bone Head
        are those of the object.
    """
    data = bpy.data.armatures.new(ARMATURE_NAME)
    armature = bpy.data.objects.new(ARMATURE_NAME, data)
    copies.data.append(data)
    copies.extra.append(armature)
    collection.objects.link(armature)
    _add_bones(armature, scene)
    for bone in armature.pose.bones:
        bone.rotation_mode = "QUATERNION"
    armature.rotation_mode = "QUATERNION"
    skin = copies.objects[obj.session_uid]
    weights = neck.weights_of(obj)
    skin.vertex_groups.clear()
    neck.set_weights(skin, BODY_BONE, weights)
    neck.set_weights(skin, HEAD_BONE, 1.0 - weights)
    skin.parent, skin.parent_type = armature, "OBJECT"
    skin.matrix_parent_inverse.identity()
    skin.modifiers.new(ARMATURE_NAME, "ARMATURE").object = armature
    return armature


def skeleton_motion(head: FloatArray, body: FloatArray | None) -> tuple[FloatArray, FloatArray]:
    """Return the motion of the armature of a head with a neck.

    Args:
        head: World matrices (T, 4, 4) of the head's object.
        body: Those of what the shoulders are aligned with; None: the axes of the scene.

    Returns:
        World matrices (T, 4, 4) of the armature: where the head is, turned like the body. Then the matrices
        (T, 2, 4, 4) of its bones, Body and Head, in its space.
    """
    parts = transforms.decompose(head)
    turned = np.tile((1.0, 0.0, 0.0, 0.0), (len(head), 1)) if body is None else transforms.decompose(body)[:, 3:7]
    worlds = transforms.compose(np.concatenate([parts[:, :3], turned, parts[:, 7:]], axis=1))
    rest = np.broadcast_to(np.eye(4), worlds.shape)
    return worlds, np.stack([rest, np.linalg.inv(worlds) @ head], axis=1)


def _add_bones(armature: bpy.types.Object, scene: bpy.types.Scene) -> None:
    layer = scene.view_layers[0]
    active, layer.objects.active = layer.objects.active, armature
    context = {"scene": scene, "view_layer": layer, "active_object": armature, "object": armature}
    with bpy.context.temp_override(**context):  # pyrefly: ignore[bad-context-manager]
        bpy.ops.object.mode_set(mode="EDIT")
        bones = armature.data.edit_bones
        body, head = bones.new(BODY_BONE), bones.new(HEAD_BONE)
        for bone in (body, head):
            bone.tail = (0.0, BONE_LENGTH, 0.0)
        head.parent = body
        bpy.ops.object.mode_set(mode="OBJECT")
    layer.objects.active = active
