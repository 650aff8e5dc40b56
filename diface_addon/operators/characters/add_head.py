"""Add > Mesh > DiFACE Head: the bundled head."""

from __future__ import annotations

import bpy

from ...core import errors
from ...scene.characters.bundled_head import add_head
from ...scene.characters.stage import add_stage


class DIFACE_OT_add_head(bpy.types.Operator):
    """Add DiFACE's head: a bust with eyes, teeth and tongue, and the 52 ARKit shapes as shape keys"""

    bl_idname = "diface.add_head"
    bl_label = "DiFACE Head"
    bl_options = {"REGISTER", "UNDO"}

    with_stage: bpy.props.BoolProperty(
        name="Camera and Lights",
        description="Also add a portrait camera, three soft lights and a plain world",
        default=False,
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.mode != "OBJECT":
            cls.poll_message_set("Leave edit or sculpt mode first: a new object can only be added in Object Mode")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            head = add_head(context, context.scene.cursor.location)
        except errors.DifaceError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if self.with_stage:
            add_stage(context, head)
        return {"FINISHED"}


def draw_menu(self: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """Draw the entries in Add > Mesh."""
    self.layout.separator()
    self.layout.operator(DIFACE_OT_add_head.bl_idname, icon="USER")
    self.layout.operator("diface.add_flame_head", icon="USER")


def register() -> None:
    bpy.utils.register_class(DIFACE_OT_add_head)
    bpy.types.VIEW3D_MT_mesh_add.append(draw_menu)


def unregister() -> None:
    bpy.types.VIEW3D_MT_mesh_add.remove(draw_menu)
    bpy.utils.unregister_class(DIFACE_OT_add_head)
