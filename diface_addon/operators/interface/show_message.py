"""Show Message: the whole text of a message that is longer than the panel's status area."""

from __future__ import annotations

import bpy

from ...settings import messages


class DIFACE_OT_show_message(bpy.types.Operator):
    """Show the whole message"""

    bl_idname = "diface.show_message"
    bl_label = "Show Message"
    bl_options = {"INTERNAL"}

    topic: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Return the message itself as the tooltip."""
        entry = messages.find(context, properties.topic)
        return entry.text.removesuffix(".") if entry else str(cls.__doc__)

    def execute(self, context: bpy.types.Context) -> set[str]:
        entry = messages.find(context, self.topic)
        if entry is None:
            return {"CANCELLED"}
        lines = entry.text.splitlines()

        def draw(menu: bpy.types.Menu, _context: bpy.types.Context) -> None:
            for line in lines:
                menu.layout.label(text=line)

        context.window_manager.popup_menu(draw, title="DiFACE", icon="ERROR" if entry.is_error else "INFO")
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_show_message,))
