"""List Missing Shape Keys: the ARKit names that the character has no shape key for."""

from __future__ import annotations

import bpy

from ...core import channels
from ...scene.animation import active_curves
from ...settings import scene_settings


class DIFACE_OT_list_missing_keys(bpy.types.Operator):
    """List the ARKit shape keys that the character does not have"""

    bl_idname = "diface.list_missing_keys"
    bl_label = "List Missing Shape Keys"
    bl_options = {"INTERNAL"}

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Return the list as the tooltip."""
        missing = missing_keys(scene_settings.character(context))
        return f"Missing: {', '.join(missing)}. They are not animated" if missing else str(cls.__doc__)

    def execute(self, context: bpy.types.Context) -> set[str]:
        missing = missing_keys(scene_settings.character(context))

        def draw(menu: bpy.types.Menu, _context: bpy.types.Context) -> None:
            for name in missing:
                menu.layout.label(text=name)

        context.window_manager.popup_menu(draw, title="Missing ARKit Shape Keys", icon="SHAPEKEY_DATA")
        return {"FINISHED"}


def missing_keys(obj: bpy.types.Object | None) -> list[str]:
    """Return the ARKit names that nothing of a character moves for, in ARKit's order; all of them without one."""
    present = active_curves.reached_channels(obj) if obj else set()
    return [name for name in channels.FACE if name not in present]


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_list_missing_keys,))
