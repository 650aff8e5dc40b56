"""Word Markers: show the words of the list as timeline markers, or remove them."""

from __future__ import annotations

import bpy

from ...core import errors
from ...scene.words import word_markers
from ..base.operator_base import OperatorBase
from .word_times import marked_words


class DIFACE_OT_word_markers(OperatorBase, bpy.types.Operator):
    """Show a timeline marker at the start of each word, or remove these markers. Drag one to move its word"""

    bl_idname = "diface.word_markers"
    bl_label = "Word Markers"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        if not word_markers.are_shown(context.scene) and not marked_words(context):
            raise errors.SceneError("There are no words.", "Press Align Words, or Words from File.")

    def run(self, context: bpy.types.Context) -> str | None:
        if word_markers.are_shown(context.scene):
            word_markers.hide(context.scene)
        else:
            word_markers.show(context.scene, marked_words(context))
        return None


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_word_markers,))
