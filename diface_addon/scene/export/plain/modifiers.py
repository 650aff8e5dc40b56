"""Modifiers of plain copies: those of armatures stay, others are applied where that loses no shape keys."""

from __future__ import annotations

import bpy

from .copies import Copies


def apply_modifiers(copies: Copies, scene: bpy.types.Scene) -> None:
    """Apply all modifiers but those of armatures to the copies without shape keys, at rest, and remove the others.

    Args:
        copies: New copies, whose meshes have the modifiers of their originals.
        scene: A scene that has them.
    """
    meshes = [obj for obj in copies.objects.values() if obj.type == "MESH"]
    for obj in meshes:
        others = [modifier for modifier in obj.modifiers if modifier.type != "ARMATURE" and modifier.show_viewport]
        if others and obj.data.shape_keys is None:
            _apply(obj, copies, scene)
        _keep_armatures(obj, copies)


def _apply(obj: bpy.types.Object, copies: Copies, scene: bpy.types.Scene) -> None:
    for modifier in obj.modifiers:
        modifier.show_viewport = modifier.show_viewport and modifier.type != "ARMATURE"
    context = {"scene": scene, "view_layer": scene.view_layers[0]}
    with bpy.context.temp_override(**context):  # pyrefly: ignore[bad-context-manager]
        graph = bpy.context.evaluated_depsgraph_get()
        mesh = bpy.data.meshes.new_from_object(obj.evaluated_get(graph), preserve_all_data_layers=True, depsgraph=graph)
    copies.data.append(mesh)
    obj.data = mesh


def _keep_armatures(obj: bpy.types.Object, copies: Copies) -> None:
    """Keep only the modifiers of armatures that are copied too."""
    for modifier in list(obj.modifiers):
        target = getattr(modifier, "object", None) if modifier.type == "ARMATURE" else None
        if target is not None and target.session_uid in copies.objects:
            modifier.object = copies.objects[target.session_uid]
            modifier.show_viewport = True
        else:
            obj.modifiers.remove(modifier)
