"""Bake for Games: a plain copy of the character, for Blender's own exporters and for other add-ons."""

from __future__ import annotations

import dataclasses

import bpy

from ...core import errors
from ...scene.export import bake_for_games, export_scene, lines
from ...scene.keys import frame_range
from ...settings import scene_settings
from ..base.export_operators import PlainOperator, plain_objects

LINE, CHARACTER = "{line}", "{character}"
"""What the names of Actions may contain: the name of the take, and of the main mesh."""


class DIFACE_OT_bake_for_games(PlainOperator, bpy.types.Operator):
    """Add a copy of the character that only keys move: layers, body animation, constraints and drivers are baked"""

    bl_idname = "diface.bake_for_games"
    bl_label = "Bake for Games"
    bl_options = {"REGISTER", "UNDO"}

    clips: bpy.props.EnumProperty(
        name="Clips",
        description="How the animation is divided",
        items=(
            ("ACTION", "One Action", "One Action for the preview range or the scene range"),
            ("STRIPS", "Strip per Line", "An Action on a separate NLA track for each take that plays in the range"),
        ),
    )
    naming: bpy.props.StringProperty(
        name="Action Names",
        description="Names of the Actions and NLA tracks. {line} is the take's name, {character} that of the main mesh",
        default=f"{CHARACTER} {LINE}",
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_props_dialog(self)

    def run(self, context: bpy.types.Context) -> str:
        clips = self._clips(context)
        baked = bake_for_games.bake(
            plain_objects(context), context.scene, clips, self.plain_settings(), self.clips == "STRIPS"
        )
        return f"{baked.collection.name} has {', '.join(baked.actions)}."

    def _clips(self, context: bpy.types.Context) -> list[export_scene.Clip]:
        """Return what is baked, with the names of its Actions. Raises SceneError if there is no line."""
        main, frames = scene_settings.character(context), frame_range.export_range(context.scene)
        found = lines.lines(main, frames)
        if self.clips == "ACTION":
            found = [export_scene.Clip(found[0].name if len(found) == 1 else context.scene.name, frames)]
        if not found:
            hint = "Generate one, or set Clips to One Action."
            raise errors.SceneError(f"No take plays in frames {frames[0]} to {frames[1]}.", hint)
        if not self.naming.strip():
            raise errors.SceneError("The Actions have no names.", f"Set Action Names, for example to {LINE}.")
        names = [self.naming.replace(LINE, clip.name).replace(CHARACTER, main.name).strip() for clip in found]
        if len(set(names)) < len(names):
            raise errors.SceneError("Several lines would have the same name.", f"Put {LINE} into Action Names.")
        return [dataclasses.replace(clip, name=name) for clip, name in zip(found, names, strict=True)]


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_bake_for_games,))
