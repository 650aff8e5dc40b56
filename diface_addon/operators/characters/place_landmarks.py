"""Place Landmarks: points of a face that the user moves to where they are, for Add ARKit Shape Keys."""

from __future__ import annotations

import bpy

from ...core import errors
from ...jobs.new_shapes import arkit_keys
from ...scene.characters import face_landmarks, flame_mesh
from ...settings import scene_settings
from ..base.operator_base import OperatorBase


class DIFACE_OT_place_landmarks(OperatorBase, bpy.types.Operator):
    """Add Empties to move to eyes, corners of the mouth and chin, if Add ARKit Shape Keys does not find the face"""

    bl_idname = "diface.place_landmarks"
    bl_label = "Place Landmarks"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        arkit_keys.check_can_add(context)
        obj = scene_settings.character(context)
        if flame_mesh.is_flame(obj):
            raise errors.SceneError("A FLAME mesh needs no landmarks.", "Use Add ARKit Shape Keys.")
        if context.mode != "OBJECT":
            raise errors.SceneError("Empties can only be added in Object Mode.", "Leave edit or sculpt mode first.")

    def run(self, context: bpy.types.Context) -> str:
        obj = scene_settings.character(context)
        self.check_ready(context)
        added = face_landmarks.add(obj)
        if not added:
            return f"{obj.name} has all landmarks already. Move them to their points, or delete them."
        for other in context.selected_objects or ():
            other.select_set(False)
        for landmark in added:
            landmark.select_set(True)
        context.view_layer.objects.active = added[0]
        context.scene.diface.character = obj
        return "Move each Empty to its point on the face, then use Add ARKit Shape Keys."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_place_landmarks,))
