"""Compare: a second head that plays another take, until it is asked for again or another take is played."""

from __future__ import annotations

import bpy

from ...scene.takes import ghost, use_take
from ...settings import scene_settings
from ..base.take_operator import TakeOperator


class DIFACE_OT_compare_take(TakeOperator, bpy.types.Operator):
    """Show this take on a second head, which is not rendered; once more removes it"""

    bl_idname = "diface.compare_take"
    bl_label = "Compare"
    bl_options = {"REGISTER", "UNDO"}

    place: bpy.props.EnumProperty(
        name="Place",
        items=(
            ("BESIDE", "Beside", "A head's width beside the character"),
            ("THROUGH", "In Place", "Where the character is, as a wireframe"),
        ),
    )

    def run(self, context: bpy.types.Context) -> str:
        obj, actions = scene_settings.character(context), self.actions()
        use_take.animated_blocks(obj, actions)
        before = ghost.find_ghost()
        again = before is not None and ghost.ghost_take(before) == self.take
        ghost.remove_ghosts()
        if again:
            return "The second head is gone."
        use_take.use_take(ghost.add_ghost(obj, self.take, self.place), actions)
        return f"Beside it: {actions[0].name}." if self.place == "BESIDE" else f"Wireframe: {actions[0].name}."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_compare_take,))
