"""Transcript, the list of words, and what can be done with the chosen one."""

from __future__ import annotations

from typing import Any

import bpy

from ..core import errors
from ..jobs.words import move_face
from ..scene.words import face_times, word_markers
from ..settings import scene_settings, word_settings
from .panel_base import PanelBase, draw_status

ROWS = 6
"""Rows of the list that are shown."""


class DIFACE_UL_words(bpy.types.UIList):
    """Words"""

    def draw_item(
        self,
        context: bpy.types.Context,
        layout: bpy.types.UILayout,
        _data: Any,
        item: word_settings.DifaceWord,
        _icon: int,
        _active_data: Any,
        _active_property: str,
    ) -> None:
        """Draw one word: its text, whether its times are doubtful or changed, and its first frame."""
        place = word_settings.find_place(context)
        moved = word_settings.is_moved(item, face_times.read(item.id_data))
        icon = "ARROW_LEFTRIGHT" if moved else "QUESTION" if item.is_doubtful else "NONE"
        layout.label(text=item.text, icon=icon)
        aside = layout.row()
        aside.alignment = "RIGHT"
        aside.label(text=f"{place.frame(item.start):.0f}" if place else "")


class Words(PanelBase):
    """The words of the speech."""

    bl_label = "Words"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, obj = self.layout, scene_settings.character(context)
        layout.use_property_decorate = False
        if obj is None or obj.type != "MESH":
            layout.label(text="Choose a character", icon="INFO")
            return
        _draw_transcript(layout, obj.diface_words)
        if speech := word_settings.find_speech(context, obj):
            _draw_words(layout, context, speech)
        draw_status(layout, context, "words")


def _draw_transcript(layout: bpy.types.UILayout, settings: word_settings.DifaceWords) -> None:
    column = layout.column(align=True)
    column.row(align=True).prop(settings, "source", expand=True)
    if settings.source == "TEXT":
        column.prop(settings, "text", text="", placeholder="What is said")
    elif settings.source == "BLOCK":
        column.prop(settings, "text_block", text="")
    else:
        column.prop(settings, "filepath", text="")
    column.prop(settings, "language", text="")
    row = layout.row(align=True)
    row.operator("diface.align_words", icon="WORDWRAP_ON")
    if settings.source == "FILE":
        row.operator("diface.load_words", text="", icon="IMPORT")


def _draw_words(layout: bpy.types.UILayout, context: bpy.types.Context, speech: word_settings.DifaceSpeech) -> None:
    layout.template_list("DIFACE_UL_words", "", speech, "words", speech, "index", rows=ROWS)
    if not 0 <= speech.index < len(speech.words):
        return
    word = speech.words[speech.index]
    times = layout.row(align=True)
    times.prop(word, "first_frame")
    times.prop(word, "last_frame")
    shown = word_markers.are_shown(context.scene)
    times.operator("diface.word_markers", text="", icon="MARKER_HLT" if shown else "MARKER", depress=shown)
    if _has_moved(context):
        column = layout.column(align=True)
        column.operator("diface.move_face_to_words", icon="ARROW_LEFTRIGHT")
        row = column.row(align=True)
        row.operator("diface.keep_face")
        row.operator("diface.reset_word_times")
    column = layout.column(align=True)
    row = column.row(align=True)
    row.operator("diface.regenerate_word", icon="FILE_REFRESH")
    row.operator("diface.make_variations", text="", icon="RENDERLAYERS").what = "WORD"
    row = column.row(align=True)
    row.operator("diface.close_word")
    row.operator("diface.emphasise_word")
    row = column.row(align=True)
    row.operator("diface.scale_word", text="Say Softer").how = "SOFTER"
    row.operator("diface.scale_word", text="Say Wider").how = "WIDER"


def _has_moved(context: bpy.types.Context) -> bool:
    if word_markers.dragged(context.scene):
        return True
    try:
        move_face.find_moved(context, scene_settings.character(context))
    except errors.DifaceError:
        return False
    return True
