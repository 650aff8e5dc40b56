"""Add > Mesh > FLAME Head: the template of the user's FLAME model, a speaker of VOCASET, or a random identity."""

from __future__ import annotations

import bpy

from ...core import errors
from ...scene.characters import flame_head
from ...settings import performance, preferences
from ..base.operator_base import OperatorBase


def _search_identities(_operator: bpy.types.Operator, _context: bpy.types.Context, _typed: str) -> list[str]:
    try:
        return list(flame_head.speaker_heads(preferences.templates_file()))
    except errors.DifaceError:
        return []  # the operator reports what is wrong with the file


class DIFACE_OT_add_flame_head(OperatorBase, bpy.types.Operator):
    """Add the head of the FLAME file in the preferences, one of VOCASET's speakers, or a random identity"""

    bl_idname = "diface.add_flame_head"
    bl_label = "FLAME Head"
    bl_options = {"REGISTER", "UNDO"}

    identity: bpy.props.StringProperty(
        name="Identity",
        description="A speaker of VOCASET's templates. Empty: FLAME's template, or a random identity",
        search=_search_identities,
    )
    seed: bpy.props.IntProperty(
        name="Seed",
        description="Seed of a random identity; 0 is FLAME's template",
        min=0,
    )
    strength: bpy.props.FloatProperty(
        name="Strength",
        description="Difference of a random identity from the template; 1 is the variation between people",
        default=1.0,
        min=0.0,
        soft_max=2.0,
    )

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        if context.mode != "OBJECT":
            raise errors.SceneError(
                "A new object can only be added in Object Mode.", "Leave edit or sculpt mode first."
            )
        if preferences.flame_file() is None:
            raise errors.ModelError("No FLAME file is set.", "Set it in DiFACE's preferences.")

    def run(self, context: bpy.types.Context) -> str:
        head = flame_head.Identity(self.identity, self.seed, self.strength)
        file, templates = preferences.flame_file(), preferences.templates_file()
        before = performance.active(context)
        obj = flame_head.add_flame_head(context, file, head, templates, context.scene.cursor.location)
        if before.engine == "THREEDIFACE":  # for which another character was no FLAME mesh
            performance.start_with(obj, before)
        return f"Added {obj.name}."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_add_flame_head,))
