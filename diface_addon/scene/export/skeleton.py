"""The bundled head as a skinned mesh, for formats that do not have Blender's modifiers."""

from __future__ import annotations

import contextlib
from collections.abc import Generator

import bpy

from ..characters import neck

HEAD_BONE, BODY_BONE = "Head", "Body"
ARMATURE_NAME = "DiFACE Armature"
BONE_LENGTH = 0.1  # metres


@contextlib.contextmanager
def skinned_copy(obj: bpy.types.Object, scene: bpy.types.Scene) -> Generator[list[bpy.types.Object]]:
    """Yield the objects that replace a head with a neck in an export, and remove them afterwards.

    They are a copy of the mesh and an armature with two bones: Body stays with the shoulders, Head moves as `obj` does.
    The copy has the name and the animated shape keys of `obj`. An object without a neck is yielded as it is.

    Args:
        obj: The character, in `scene`.
        scene: The temporary scene that is exported.
    """
    if neck.neck_modifier(obj) is None:
        yield [obj]
        return
    mesh, names = obj.data.copy(), (obj.name, obj.data.name)
    armature = bpy.data.armatures.new(ARMATURE_NAME)
    skeleton = bpy.data.objects.new(ARMATURE_NAME, armature)
    skin = bpy.data.objects.new(obj.name, mesh)
    try:
        _exchange_names(obj, skin, names)
        for added in (skeleton, skin):
            scene.collection.objects.link(added)
        _copy_materials(obj, skin)
        _add_bones(skeleton, scene)
        _follow(skeleton, obj)
        _bind(skin, obj, skeleton)
        yield [skeleton, skin]
    finally:
        bpy.data.objects.remove(skin)
        bpy.data.objects.remove(skeleton)
        bpy.data.meshes.remove(mesh)
        bpy.data.armatures.remove(armature)
        if obj.library is None:
            obj.name, obj.data.name = names


def _exchange_names(obj: bpy.types.Object, skin: bpy.types.Object, names: tuple[str, str]) -> None:
    """Give the copy the names of the original: the file has them. Linked data-blocks cannot be renamed."""
    if obj.library is None:
        obj.name, obj.data.name = (f"{name[:50]} original" for name in names)
        skin.name, skin.data.name = names


def _copy_materials(obj: bpy.types.Object, skin: bpy.types.Object) -> None:
    for new, old in zip(skin.material_slots, obj.material_slots, strict=True):
        if old.link == "OBJECT":
            new.link, new.material = "OBJECT", old.material


def _add_bones(skeleton: bpy.types.Object, scene: bpy.types.Scene) -> None:
    """Add the bones with the axes of the object, so that rotations of the bone Head are those of the object."""
    layer = scene.view_layers[0]
    active, layer.objects.active = layer.objects.active, skeleton
    context = {"scene": scene, "view_layer": layer, "active_object": skeleton, "object": skeleton}
    with bpy.context.temp_override(**context):  # pyrefly: ignore[bad-context-manager]
        bpy.ops.object.mode_set(mode="EDIT")
        bones = skeleton.data.edit_bones
        body, head = bones.new(BODY_BONE), bones.new(HEAD_BONE)
        for bone in (body, head):
            bone.tail = (0.0, BONE_LENGTH, 0.0)
        head.parent = body
        bpy.ops.object.mode_set(mode="OBJECT")
    layer.objects.active = active


def _follow(skeleton: bpy.types.Object, obj: bpy.types.Object) -> None:
    """Put the armature where the shoulders are, and let the bone Head move as the object does."""
    for kind in ("COPY_LOCATION", "COPY_SCALE"):
        skeleton.constraints.new(kind).target = obj
    body = neck.body_of(obj)
    if body is not None:
        skeleton.constraints.new("COPY_ROTATION").target = body
    skeleton.pose.bones[HEAD_BONE].constraints.new("COPY_TRANSFORMS").target = obj


def _bind(skin: bpy.types.Object, obj: bpy.types.Object, skeleton: bpy.types.Object) -> None:
    weights = neck.weights_of(obj)
    skin.vertex_groups.clear()
    neck.set_weights(skin, BODY_BONE, weights)
    neck.set_weights(skin, HEAD_BONE, 1.0 - weights)
    skin.parent = skeleton
    skin.modifiers.new(ARMATURE_NAME, "ARMATURE").object = skeleton
