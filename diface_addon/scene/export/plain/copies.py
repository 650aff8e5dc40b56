"""Copies of a character's objects that nothing moves but keys: without constraints and drivers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import bpy

MARK = "diface"
"""What DiFACE's custom properties begin with: a copy is no character with takes."""


@dataclass
class Copies:
    """Copies of objects, and the data-blocks that were made for them.

    Attributes:
        objects: Copy by the `session_uid` of its original.
        originals: The originals by `session_uid`.
        data: The new meshes and armatures.
        extra: Objects that have no original.
    """

    objects: dict[int, bpy.types.Object] = field(default_factory=dict)
    originals: dict[int, bpy.types.Object] = field(default_factory=dict)
    data: list[bpy.types.ID] = field(default_factory=list)
    extra: list[bpy.types.Object] = field(default_factory=list)

    def all(self) -> list[bpy.types.Object]:
        """Return all new objects."""
        return [*self.objects.values(), *self.extra]

    def remove(self) -> None:
        """Remove the copies, their data and their Actions from the file."""
        actions = {action for block in self._animated() if (action := _action(block))}
        for obj in self.all():
            bpy.data.objects.remove(obj)
        for block in self.data:
            (bpy.data.armatures if isinstance(block, bpy.types.Armature) else bpy.data.meshes).remove(block)
        for action in actions:
            bpy.data.actions.remove(action)

    def _animated(self) -> list[bpy.types.ID]:
        keys = [block.shape_keys for block in self.data if isinstance(block, bpy.types.Mesh) and block.shape_keys]
        return [*self.all(), *keys]


def _action(block: bpy.types.ID) -> bpy.types.Action | None:
    return block.animation_data.action if block.animation_data else None


def copy_objects(objects: Sequence[bpy.types.Object], collection: bpy.types.Collection) -> Copies:
    """Return plain copies of meshes, armatures and empties, in a collection, with the same parents among them.

    Meshes with shape keys and armatures have separate data; other meshes share theirs with the original.
    """
    copies = Copies()
    for obj in objects:
        copy = obj.copy()
        copies.objects[obj.session_uid], copies.originals[obj.session_uid] = copy, obj
        collection.objects.link(copy)
        if obj.type == "ARMATURE" or (obj.type == "MESH" and obj.data.shape_keys):
            copy.data = obj.data.copy()
            copies.data.append(copy.data)
    for uid, copy in copies.objects.items():
        _free_object(copy)
        parent = copies.originals[uid].parent
        copy.parent = copies.objects.get(parent.session_uid) if parent else None
        if copy.parent is None or copy.parent_type not in ("OBJECT", "BONE"):
            copy.parent_type = "OBJECT"
        copy.matrix_parent_inverse.identity()
        if copy.type == "ARMATURE":
            _free_armature(copy)
        elif copy.type == "MESH" and copy.data.shape_keys:
            copy.data.shape_keys.animation_data_clear()
    return copies


def _free_object(copy: bpy.types.Object) -> None:
    """Remove what moves or hides an object besides its own location, rotation and scale."""
    copy.animation_data_clear()
    if copy.data is not None and copy.data.users == 1:
        copy.data.animation_data_clear()
    copy.constraints.clear()
    copy.rotation_mode = "QUATERNION"
    copy.delta_location, copy.delta_rotation_euler, copy.delta_scale = (0, 0, 0), (0, 0, 0), (1, 1, 1)
    copy.delta_rotation_quaternion = (1, 0, 0, 0)
    copy.hide_viewport = copy.hide_render = copy.hide_select = False
    for name in [name for name in copy.keys() if name.startswith(MARK)]:  # noqa: SIM118 - Blender's ID
        del copy[name]
    copy.property_unset("diface")
    if copy.type == "MESH":
        copy.show_only_shape_key = False


def _free_armature(copy: bpy.types.Object) -> None:
    """Let the bones of an armature follow their parents wholly, and nothing else."""
    copy.data.pose_position = "POSE"
    for bone in copy.data.bones:
        bone.use_inherit_rotation = bone.use_local_location = True
        bone.inherit_scale = "FULL"
    for bone in copy.pose.bones:
        bone.rotation_mode = "QUATERNION"
        bone.custom_shape = None
        for constraint in list(bone.constraints):
            bone.constraints.remove(constraint)
