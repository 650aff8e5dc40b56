"""Add > Mesh > FLAME Head: the user's own FLAME, as its template, as one of VOCASET's speakers, or drawn."""

from __future__ import annotations

import bpy

from ...core import errors
from ...scene.characters import flame_head
from ...settings import preferences
from ..base.operator_base import OperatorBase


def _search_identities(_operator: bpy.types.Operator, _context: bpy.types.Context, _typed: str) -> list[str]:
    try:
        return list(flame_head.speaker_heads(preferences.templates_file()))
    except errors.DifaceError:
        return []  # what is wrong with the file is said when it is used


class DIFACE_OT_add_flame_head(OperatorBase, bpy.types.Operator):
    """Add the head of your own FLAME file, one of VOCASET's speakers in its topology, or a head that is drawn"""

    bl_idname = "diface.add_flame_head"
    bl_label = "FLAME Head"
    bl_options = {"REGISTER", "UNDO"}

    identity: bpy.props.StringProperty(
        name="Identity",
        description="One of the speakers of VOCASET's templates. Empty: FLAME's own template, or a drawn head",
        search=_search_identities,
    )
    seed: bpy.props.IntProperty(
        name="Seed",
        description="Draws a head that nobody has from FLAME's own identities; 0 is its template",
        min=0,
    )
    strength: bpy.props.FloatProperty(
        name="Strength",
        description="How far a drawn head is from the template; 1 is as people are",
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
            raise errors.ModelError("No FLAME file is set.", "Name yours in DiFACE's preferences.")

    def run(self, context: bpy.types.Context) -> str:
        head = flame_head.Identity(self.identity, self.seed, self.strength)
        file, templates = preferences.flame_file(), preferences.templates_file()
        obj = flame_head.add_flame_head(context, file, head, templates, context.scene.cursor.location)
        return f"Added {obj.name}."


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_add_flame_head,))
