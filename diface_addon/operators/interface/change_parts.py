"""Add Selected Objects and Use Part: the objects that belong to a character."""

from __future__ import annotations

import bpy
from bpy.props import StringProperty

from ...rig.discovery.scene_index import GEOMETRY
from ...settings import character_settings, scene_settings


class DIFACE_OT_use_part(bpy.types.Operator):
    """Add this object to the character, or remove it"""

    bl_idname = "diface.use_part"
    bl_label = "Use Part"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    part: StringProperty(name="Part", description="Name of the object", options={"SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        main, part = scene_settings.character(context), context.scene.objects.get(self.part)
        if main is None or part is None:
            self.report({"ERROR"}, f"There is no object {self.part} in the scene. Choose a part of the character.")
            return {"CANCELLED"}
        found = character_settings.find(main)
        parts = (*found.faces, *found.on_head, *found.body) if found else ()
        character_settings.set_part(main, part, part not in parts)
        return {"FINISHED"}


class DIFACE_OT_add_parts(bpy.types.Operator):
    """Add the selected objects to the character"""

    bl_idname = "diface.add_parts"
    bl_label = "Add Selected Objects"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not _new_parts(context):
            cls.poll_message_set("Select objects that are no part of the character, and choose it as Character")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        main = scene_settings.character(context)
        for part in _new_parts(context):
            character_settings.set_part(main, part, use=True)
        return {"FINISHED"}


def _new_parts(context: bpy.types.Context) -> list[bpy.types.Object]:
    """Return the selected objects that are no parts of the character and of no other one."""
    main = scene_settings.character(context)
    found = character_settings.find(main) if main and main.type == "MESH" else None
    if found is None:
        return []
    parts = {*found.faces, *found.on_head, *found.body}
    return [obj for obj in context.selected_objects or () if obj.type in GEOMETRY and obj not in parts]


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_use_part, DIFACE_OT_add_parts))
