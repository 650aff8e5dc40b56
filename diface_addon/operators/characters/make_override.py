"""Make Library Override: a linked character becomes editable, with the meshes and shape keys of its face."""

from __future__ import annotations

import bpy

from ...core import errors
from ...scene.audio import audio_strip
from ...scene.files import library_override
from ...settings import character_settings, performance, scene_settings
from ...settings.stored import override_data
from ..base.operator_base import OperatorBase


class DIFACE_OT_make_override(OperatorBase, bpy.types.Operator):
    """Make a library override of the linked character, with its meshes and shape keys, so that it can be animated"""

    bl_idname = "diface.make_override"
    bl_label = "Make Library Override"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        if not library_override.needs_override(scene_settings.character(context)):
            raise errors.SceneError("Nothing of the character is linked from another file.", "")
        if context.mode != "OBJECT":
            raise errors.SceneError("Library overrides can only be made in Object Mode.", "Leave the other mode first.")

    def run(self, context: bpy.types.Context) -> str:
        picked = scene_settings.character(context)
        name, was_chosen = picked.name, context.scene.diface.character is not None
        overrides = library_override.override_objects(context, picked)
        context.view_layer.update()
        main = _main_mesh(overrides)
        found = character_settings.find(main)
        library_override.override_meshes(found.faces if found else [main])
        if was_chosen:
            context.scene.diface.character = main
        _activate(context, main)
        settings = performance.give_own(main, context.scene)
        if settings.strip not in [strip.name for _scene, strip in audio_strip.list_all_strips(context)]:
            settings.strip = ""  # it is a strip of the other file
        override_data.keep(context.scene)
        return f"{name} is a library override, and its face can be animated."


def _main_mesh(overrides: list[bpy.types.Object]) -> bpy.types.Object:
    """Return the main mesh of the character that overrides form; the first object if they form none."""
    found = (character_settings.find(obj) for obj in overrides)
    return next((character.main for character in found if character is not None), overrides[0])


def _activate(context: bpy.types.Context, main: bpy.types.Object) -> None:
    """Select the override alone, in place of what was linked."""
    for obj in context.view_layer.objects.selected:
        obj.select_set(False)
    if main.name in context.view_layer.objects:
        context.view_layer.objects.active = main
        main.select_set(True)


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_make_override,))
