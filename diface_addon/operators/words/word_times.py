"""Changed times of words: move the face to them, keep the face, or set them back."""

from __future__ import annotations

import bpy

from ...core import errors
from ...jobs import edit
from ...jobs.words import align_words, move_face
from ...scene.keys.wording import count_noun
from ...scene.words import word_markers
from ...settings import scene_settings, word_settings
from ..base.operator_base import OperatorBase


class DIFACE_OT_move_face_to_words(OperatorBase, bpy.types.Operator):
    """Move the face and the head so that each word is where the list or its marker has it, as a new take. Pins stay"""

    bl_idname = "diface.move_face_to_words"
    bl_label = "Move Face to Words"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        edit.check(context)
        if not word_markers.dragged(context.scene):
            move_face.find_moved(context, scene_settings.character(context))

    def run(self, context: bpy.types.Context) -> str:
        obj, before = scene_settings.character(context), _times(context)
        move_face.apply_markers(context, obj, word_markers.dragged(context.scene))
        try:
            written = move_face.move_face(context)
        except errors.DifaceError:
            _restore(context, before)
            raise
        refresh_markers(context)
        return "\n".join([f"New take: {written.name}.", *written.notes])


class DIFACE_OT_keep_face(OperatorBase, bpy.types.Operator):
    """Correct the times of words without moving the face: the face is right, the alignment was not"""

    bl_idname = "diface.keep_face"
    bl_label = "Keep Face"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        _check_moved(context)

    def run(self, context: bpy.types.Context) -> str:
        obj = align_words.check_character(context)
        move_face.apply_markers(context, obj, word_markers.dragged(context.scene))
        count = move_face.accept_times(context, obj)
        refresh_markers(context)
        return f"Corrected {count_noun(count, 'word')}. The face stays."


class DIFACE_OT_reset_word_times(OperatorBase, bpy.types.Operator):
    """Set the times of all words back to those of the face"""

    bl_idname = "diface.reset_word_times"
    bl_label = "Reset Word Times"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        _check_moved(context)

    def run(self, context: bpy.types.Context) -> str:
        count = move_face.reset_times(context, align_words.check_character(context))
        refresh_markers(context)
        return f"Reset {count_noun(count, 'word')}."


def refresh_markers(context: bpy.types.Context) -> None:
    """Put the markers of words, if they are shown, where the words are."""
    if word_markers.are_shown(context.scene):
        word_markers.show(context.scene, marked_words(context))


def marked_words(context: bpy.types.Context) -> list[tuple[str, float]]:
    """Return the text and the first frame of each word of the list."""
    speech = word_settings.find_speech(context, scene_settings.character(context))
    place = word_settings.find_place(context)
    return [(word.text, place.frame(word.start)) for word in speech.words] if speech and place else []


def _check_moved(context: bpy.types.Context) -> None:
    if not word_markers.dragged(context.scene):
        move_face.find_moved(context, scene_settings.character(context))


def _times(context: bpy.types.Context) -> list[tuple[float, float]]:
    speech = word_settings.find_speech(context, scene_settings.character(context))
    return [(word.start, word.end) for word in speech.words] if speech else []


def _restore(context: bpy.types.Context, times: list[tuple[float, float]]) -> None:
    speech = word_settings.find_speech(context, scene_settings.character(context))
    for word, pair in zip(speech.words if speech else (), times, strict=True):
        word.start, word.end = pair


register, unregister = bpy.utils.register_classes_factory(
    (DIFACE_OT_move_face_to_words, DIFACE_OT_keep_face, DIFACE_OT_reset_word_times)
)
