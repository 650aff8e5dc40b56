"""Library overrides of linked characters, whole: the objects, and the meshes and shape keys of their faces.

Blender's own *Make Library Override* leaves meshes linked, with their shape keys.
"""

from __future__ import annotations

from collections.abc import Iterable

import bpy

from ...core import errors


def needs_override(obj: bpy.types.Object | None) -> bool:
    """Return whether a character is linked, at least in part: an instance, an object, or its mesh."""
    if obj is None:
        return False
    if _instanced_collection(obj) is not None or obj.library is not None or _is_system_override(obj):
        return True
    return obj.type == "MESH" and obj.data.library is not None and obj.data.shape_keys is not None


def override_objects(context: bpy.types.Context, obj: bpy.types.Object) -> list[bpy.types.Object]:
    """Make a library override of all that belongs to a linked object, in place of what is linked.

    Args:
        context: Names scene and view layer.
        obj: An empty that instances a linked collection, a linked object, or an override of one.

    Returns:
        The overrides; `obj` alone if it is no linked object.

    Raises:
        SceneError: Blender cannot override it.
    """
    before = {other.session_uid for other in bpy.data.objects}
    collection = _instanced_collection(obj) or _linked_collection(context.scene, obj)
    if collection is not None:
        is_instance = _instanced_collection(obj) is not None
        made = collection.override_hierarchy_create(
            context.scene, context.view_layer, reference=obj if is_instance else None, do_fully_editable=True
        )
    elif obj.library is not None:
        root = _root(obj)
        made = root.override_hierarchy_create(context.scene, context.view_layer, do_fully_editable=True)
    else:
        return [obj]
    if made is None:
        raise errors.SceneError(
            f"Blender cannot make a library override of {obj.name}.", "Append it, or work in the file it comes from."
        )
    overrides = [other for other in bpy.data.objects if other.session_uid not in before and other.override_library]
    if _instanced_collection(obj) is not None:
        _place_like(obj, overrides)
        bpy.data.objects.remove(obj)
    else:
        _unlink(context.scene, collection, overrides)
    return overrides


def override_meshes(objects: Iterable[bpy.types.Object]) -> None:
    """Override the linked meshes of objects that are editable, with their shape keys. What shares a mesh still does."""
    overrides: dict[int, bpy.types.Mesh] = {}
    for obj in objects:
        if _is_system_override(obj):
            obj.override_library.is_system_override = False
        mesh = obj.data
        if obj.type != "MESH" or mesh.library is None or mesh.shape_keys is None:
            continue
        if mesh.session_uid not in overrides:
            overrides[mesh.session_uid] = mesh.override_create()
        obj.data = overrides[mesh.session_uid]


def _instanced_collection(obj: bpy.types.Object) -> bpy.types.Collection | None:
    """Return the linked collection that a local empty instances."""
    collection = obj.instance_collection if obj.type == "EMPTY" and obj.library is None else None
    return collection if collection is not None and collection.library is not None else None


def _linked_collection(scene: bpy.types.Scene, obj: bpy.types.Object) -> bpy.types.Collection | None:
    """Return the linked collection in a local one of the scene that holds a linked object."""
    if obj.library is None:
        return None
    children = [child for parent in _local_collections(scene) for child in parent.children]
    return next((child for child in children if child.library and obj.name in child.all_objects), None)


def _local_collections(scene: bpy.types.Scene) -> list[bpy.types.Collection]:
    return [scene.collection, *(child for child in scene.collection.children_recursive if child.library is None)]


def _root(obj: bpy.types.Object) -> bpy.types.Object:
    """Return the linked object at the top of what moves an object: its armature or parent."""
    armatures = [modifier.object for modifier in getattr(obj, "modifiers", ()) if modifier.type == "ARMATURE"]
    root = next((armature for armature in armatures if armature and not obj.parent), obj)
    while root.parent is not None and root.parent.library is not None:
        root = root.parent
    return root


def _place_like(empty: bpy.types.Object, overrides: list[bpy.types.Object]) -> None:
    """Move overrides to where the instance was."""
    offset = empty.instance_collection.instance_offset
    if empty.matrix_world.is_identity and not any(offset):
        return
    moved = empty.matrix_world.copy()
    moved.translation = empty.matrix_world @ -offset
    for obj in overrides:
        if obj.parent is None:
            obj.matrix_world = moved @ obj.matrix_world


def _unlink(scene: bpy.types.Scene, collection: bpy.types.Collection | None, overrides: list[bpy.types.Object]) -> None:
    """Remove from a scene what was linked and now has overrides."""
    references = {obj.override_library.reference for obj in overrides}
    for parent in _local_collections(scene):
        if collection is not None and collection in parent.children.values():
            parent.children.unlink(collection)
        for obj in [obj for obj in parent.objects if obj in references]:
            parent.objects.unlink(obj)


def _is_system_override(obj: bpy.types.Object) -> bool:
    return obj.override_library is not None and obj.override_library.is_system_override
