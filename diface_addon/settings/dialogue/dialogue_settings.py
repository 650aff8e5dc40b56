"""Settings of the dialogue of a scene, `scene.diface.dialogue`."""

from __future__ import annotations

import bpy
from bpy.props import EnumProperty, IntProperty


class DifaceDialogue(bpy.types.PropertyGroup):
    """Settings of a dialogue, at `scene.diface.dialogue`."""

    index: IntProperty(name="Line", description="The chosen line", options={"HIDDEN"})
    others: EnumProperty(
        name="When Silent",
        description="What a character does while it says nothing",
        items=(
            ("REST", "Rest", "Nothing: the face is still"),
            ("LISTEN", "Listen", "Listens while others speak, and is idle while nobody does"),
            ("IDLE", "Idle", "Blinks, and moves eyes and head a little"),
        ),
        default="LISTEN",
    )
