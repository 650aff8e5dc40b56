"""Delete Take, and Delete All But Starred."""

from __future__ import annotations

import bpy

from ...core import errors
from ...scene.animation import character_checks
from ...scene.comparison import ghost
from ...scene.keys import editable_actions
from ...scene.keys.wording import count_noun
from ...scene.takes import delete_take, take_index, take_list
from ...settings import scene_settings
from ..base.operator_base import OperatorBase
from ..base.take_operator import TakeOperator

LINKED_HINT = "Delete it in that file; here it would return when the file is opened again."


class DIFACE_OT_delete_take(TakeOperator, bpy.types.Operator):
    """Delete this take, and the shape keys that were added for it"""

    bl_idname = "diface.delete_take"
    bl_label = "Delete Take"
    bl_options = {"REGISTER", "UNDO"}

    def run(self, context: bpy.types.Context) -> str:
        actions = self.actions(unreadable_too=True)
        editable_actions.check(actions, LINKED_HINT)
        name = actions[0].name
        ghost.remove_ghosts()
        notes = delete_take.delete_take(scene_settings.character(context), actions)
        return "\n".join([f"Deleted: {name}.", *notes])


class DIFACE_OT_delete_unstarred(OperatorBase, bpy.types.Operator):
    """Delete all takes of this character that have no star, except the active one"""

    bl_idname = "diface.delete_unstarred"
    bl_label = "Delete All But Starred"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        obj = scene_settings.character(context)
        character_checks.check(obj, ())
        if not _unstarred(obj):
            raise errors.SceneError("Every other take has a star.", "There is nothing to delete.")

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        number = count_noun(len(_unstarred(scene_settings.character(context))), "take")
        message = f"Delete {number} without a star? The active take is kept."
        return context.window_manager.invoke_confirm(
            self, event, title=self.bl_label, message=message, confirm_text="Delete"
        )

    def run(self, context: bpy.types.Context) -> str:
        obj, all_takes = scene_settings.character(context), take_index.all_takes()
        chosen = [all_takes[take] for take in _unstarred(obj)]
        for actions in chosen:
            editable_actions.check(actions, LINKED_HINT)
        ghost.remove_ghosts()
        notes = [note for actions in chosen for note in delete_take.delete_take(obj, actions)]
        return "\n".join([f"Deleted {count_noun(len(chosen), 'take')}.", *notes])


def _unstarred(obj: bpy.types.Object) -> list[str]:
    """Return the ids of the takes of `obj` that are neither starred nor active."""
    entries = take_list.entries(obj)
    return [entry.take for entry in entries if not (entry.favourite or entry.is_active or entry.other_character)]


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_delete_take, DIFACE_OT_delete_unstarred))
