"""Add > Mesh > DiFACE Head."""

from __future__ import annotations

import bpy

from ...core import errors
from ...jobs.setup import prefetch
from ...scene.characters import bundled_head, free_place, neck, stage
from ..base.operator_base import OperatorBase


class DIFACE_OT_add_head(OperatorBase, bpy.types.Operator):
    """Add DiFACE's head: a bust with eyes, teeth and tongue, and the 52 ARKit shape keys"""

    bl_idname = "diface.add_head"
    bl_label = "DiFACE Head"
    bl_options = {"REGISTER", "UNDO"}

    with_stage: bpy.props.BoolProperty(
        name="Camera and Lights",
        description="Also add a portrait camera, three soft lights and a plain world",
        default=False,
    )

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        if context.mode != "OBJECT":
            hint = "Leave edit or sculpt mode first."
            raise errors.SceneError("A new object can only be added in Object Mode.", hint)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        result = self.execute(context)
        if "FINISHED" in result:
            _frame_selected(context)
        return result

    def run(self, context: bpy.types.Context) -> str:
        others = [obj for obj in context.view_layer.objects if obj.visible_get()]
        head = bundled_head.add_head(context, context.scene.cursor.location)
        obstacle = free_place.move_out_of_others(head, others)
        neck.place_body(head)
        prefetch.schedule()
        if self.with_stage:
            stage.add_stage(context, head)
        where = f"next to {obstacle.name}" if obstacle else "at the 3D cursor"
        return f"Added {head.name} {where}."


def _frame_selected(context: bpy.types.Context) -> None:
    """Frame the new head in the viewport that the operator was called from."""
    area = context.area
    region = next((region for region in area.regions if region.type == "WINDOW"), None) if area else None
    if region and area.type == "VIEW_3D":
        with context.temp_override(area=area, region=region):  # pyrefly: ignore[bad-context-manager]
            bpy.ops.view3d.view_selected()


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
