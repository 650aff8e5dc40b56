"""Compare: show another take on a copy of the character, until it is pressed again or another take becomes active."""

from __future__ import annotations

import bpy

from ...scene.comparison import ghost
from ...scene.provenance import stored_request
from ...scene.takes import use_take
from ...settings import character_settings, scene_settings
from ..base.take_operator import TakeOperator


class DIFACE_OT_compare_take(TakeOperator, bpy.types.Operator):
    """Show this take on a viewport-only copy of the character. Click again to remove it"""

    bl_idname = "diface.compare_take"
    bl_label = "Compare"
    bl_options = {"REGISTER", "UNDO"}

    place: bpy.props.EnumProperty(
        name="Place",
        items=(
            ("BESIDE", "Beside", "Next to the character"),
            ("THROUGH", "In Place", "In the same place as the character, tinted and see-through"),
        ),
    )

    def run(self, context: bpy.types.Context) -> str:
        obj, actions = scene_settings.character(context), self.actions()
        use_take.animated_blocks(obj, actions)
        before = ghost.find_ghost()
        take = self.take or stored_request.require_request(actions[0])["take"]
        is_shown = before is not None and ghost.ghost_take(before) == take
        ghost.remove_ghosts()
        if is_shown:
            return "The comparison was removed."
        found = character_settings.find(obj)
        use_take.use_take(ghost.add_ghost(obj, take, self.place, found.on_head if found else ()), actions)
        return f"Comparing with {actions[0].name}."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_compare_take,))
