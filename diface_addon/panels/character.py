"""The character: what was found of it, and settings to change each of that."""

from __future__ import annotations

from collections.abc import Sequence

import bpy

from ..rig import character as found_character
from ..scene.animation import head_obstacles
from ..settings import character_settings, scene_settings
from .panel_base import SettingsPanel, letters_per_line, wrap_lines


class Character(SettingsPanel):
    """What was found of the character, and what to use instead."""

    bl_label = "Character"

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        main = scene_settings.character(context)
        found = character_settings.find(main)
        if found is None:
            layout.label(text="No character is selected")
            return
        _draw_parts(layout, found)
        _draw_bones(layout, found)
        _draw_head(layout, found)
        for note in (*found.notes, *_head_obstacles(found)):
            column = layout.column(align=True)
            for index, line in enumerate(wrap_lines(note, letters_per_line(context))):
                column.label(text=line, icon="INFO" if index == 0 else "BLANK1")


def _draw_parts(layout: bpy.types.UILayout, found: found_character.Character) -> None:
    column = layout.column(align=True)
    column.label(text=f"Face: {found.main.name}", icon="MESH_DATA")
    _draw_list(column, "With Face Shapes", found.faces[1:], used=True)
    _draw_list(column, "On the Head", found.on_head, used=True)
    _draw_list(column, "Body", found.body, used=True)
    unused = [item.part for item in found.main.diface.parts if item.part is not None and not item.use]
    _draw_list(column, "Not Used", unused, used=False)
    column.operator("diface.add_parts", icon="ADD")


def _draw_list(layout: bpy.types.UILayout, title: str, parts: Sequence[bpy.types.Object], used: bool) -> None:
    """Draw objects with a box to remove or add each."""
    if not parts:
        return
    layout.label(text=title)
    for part in parts:
        icon = "CHECKBOX_HLT" if used else "CHECKBOX_DEHLT"
        layout.operator("diface.use_part", text=part.name, icon=icon, emboss=False).part = part.name


def _draw_bones(layout: bpy.types.UILayout, found: found_character.Character) -> None:
    settings = found.main.diface
    _draw_setting(layout, settings, "armature", found.armature.name if found.armature else "")
    if found.armature is None:
        return
    bones = found.bones
    names = (bones.head, ", ".join(bones.neck), bones.jaw, bones.left_eye, bones.right_eye, ", ".join(bones.tongue))
    column = layout.column(align=True)
    for setting, name in zip(character_settings.BONES, names, strict=True):
        _draw_setting(column, settings, setting, name, found.armature.data)


def _draw_setting(
    layout: bpy.types.UILayout,
    settings: character_settings.DifaceCharacter,
    name: str,
    found: str,
    armature: bpy.types.Armature | None = None,
) -> None:
    """Draw a setting, to search in the bones of an armature, with what was found while it is empty."""
    row = layout.row(align=True)
    if armature:
        row.prop_search(settings, name, armature, "bones")
    else:
        row.prop(settings, name)
    if not getattr(settings, name):
        row.label(text=found or "Not found")


def _head_obstacles(found: found_character.Character) -> list[str]:
    """Return notes about what keeps the head from turning."""
    if found.bones.head and found.armature is not None:
        return head_obstacles.obstacle_notes(found.armature, found.bones.head)
    return head_obstacles.obstacle_notes(found.head_object, "") if found.head_object is not None else []


def _draw_head(layout: bpy.types.UILayout, found: found_character.Character) -> None:
    layout.prop(found.main.diface, "head_motion")
    turned = found.bones.head or (found.head_object.name if found.head_object else "nothing")
    layout.label(text=f"The head's rotation is written to {turned}", icon="CON_ROTLIKE")
