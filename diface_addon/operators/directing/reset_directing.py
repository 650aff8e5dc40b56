"""Reset Articulation, Reset Mood and Reset Gaze: settings at their defaults, so that takes are as generated."""

from __future__ import annotations

import bpy

from ...settings import scene_settings
from ...settings.directing import articulation_settings, gaze_settings, mood_settings
from .directing_operator import DirectingOperator


class ResetOperator(DirectingOperator):
    """Mix-in for operators that reset one group of settings, which is called `what`."""

    what = ""

    def reset(self, obj: bpy.types.Object) -> list[str]:
        """Reset the settings of a character. Return the labels of those that F-curves set, which stay."""
        raise NotImplementedError

    def run(self, context: bpy.types.Context) -> str:
        animated = self.reset(scene_settings.character(context))
        return f"Animated, so not reset: {', '.join(animated)}." if animated else f"The {self.what} is reset."


class DIFACE_OT_reset_articulation(ResetOperator, bpy.types.Operator):
    """Set the articulation to its defaults and remove the gains of channels. The active take is as it was generated"""

    bl_idname = "diface.reset_articulation"
    bl_label = "Reset Articulation"
    what = "articulation"

    def reset(self, obj: bpy.types.Object) -> list[str]:
        return articulation_settings.reset(obj)


class DIFACE_OT_reset_mood(ResetOperator, bpy.types.Operator):
    """Set the intensities of all moods to 0"""

    bl_idname = "diface.reset_mood"
    bl_label = "Reset Mood"
    what = "mood"

    def reset(self, obj: bpy.types.Object) -> list[str]:
        return mood_settings.reset(obj)


class DIFACE_OT_reset_gaze(ResetOperator, bpy.types.Operator):
    """Look at no target, and set the gaze to its defaults. The eyes of the active take are as they were generated"""

    bl_idname = "diface.reset_gaze"
    bl_label = "Reset Gaze"
    what = "gaze"

    def reset(self, obj: bpy.types.Object) -> list[str]:
        return gaze_settings.reset(obj)


register, unregister = bpy.utils.register_classes_factory(
    (DIFACE_OT_reset_articulation, DIFACE_OT_reset_mood, DIFACE_OT_reset_gaze)
)
