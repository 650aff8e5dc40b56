"""The transcript and the words of a character, `object.diface_words` of its main mesh."""

from __future__ import annotations

import bpy
from bpy.props import (
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from ..core import errors
from ..scene.audio import speech_place
from ..scene.words import face_times
from . import performance, scene_settings
from .choices import OVERRIDABLE

MIN_SECONDS = 0.01
"""Shortest word."""
SAME_SECONDS = 1e-4
"""Times that differ less are the same: a float property keeps seven digits."""

LANGUAGES = (
    ("en", "English", "With a dictionary of 135,000 words; eSpeak NG knows how others are pronounced"),
    *(
        (code, name, "Pronunciations by eSpeak NG, each sound aligned as the nearest English one")
        for code, name in (
            ("cmn", "Chinese"), ("nl", "Dutch"), ("fr", "French"), ("de", "German"), ("hi", "Hindi"), ("it", "Italian"),
            ("ja", "Japanese"), ("ko", "Korean"), ("pl", "Polish"), ("pt", "Portuguese"), ("ru", "Russian"),
            ("es", "Spanish"), ("sv", "Swedish"), ("tr", "Turkish"),
        )
    ),
)  # fmt: skip


def find_place(context: bpy.types.Context) -> speech_place.SpeechPlace | None:
    """Return where the chosen speech is heard, None without one."""
    try:
        return speech_place.find_place(context, performance.speech_choice(performance.active(context)))
    except errors.AudioError:
        return None


def _get_frame(name: str):
    def get(word: DifaceWord) -> float:
        place = find_place(bpy.context)
        return place.frame(getattr(word, name)) if place else 0.0

    return get


def _set_frame(name: str):
    def set_frame(word: DifaceWord, frame: float) -> None:
        if place := find_place(bpy.context):
            word.set_time(name, place.seconds(frame))

    return set_frame


def _show_word(speech: DifaceSpeech, context: bpy.types.Context) -> None:
    """Make the chosen word's frames those of In-Between, and move the playhead to its first frame."""
    place = find_place(context)
    if place and 0 <= speech.index < len(speech.words):
        context.scene.diface.edit.frame_choice = "WORD"
        context.scene.frame_set(round(place.frame(speech.words[speech.index].start)))


class DifaceWord(bpy.types.PropertyGroup):
    """A word that is spoken; times in seconds of the sound."""

    text: StringProperty(name="Word", description="Word as it is written", override=OVERRIDABLE)
    start: FloatProperty(options={"HIDDEN"}, override=OVERRIDABLE)
    end: FloatProperty(options={"HIDDEN"}, override=OVERRIDABLE)
    sound_start: FloatProperty(options={"HIDDEN"}, override=OVERRIDABLE)
    sound_end: FloatProperty(options={"HIDDEN"}, override=OVERRIDABLE)
    accent: FloatProperty(default=-1.0, options={"HIDDEN"}, override=OVERRIDABLE)
    phones: StringProperty(options={"HIDDEN"}, override=OVERRIDABLE)
    closures: StringProperty(options={"HIDDEN"}, override=OVERRIDABLE)
    is_doubtful: bpy.props.BoolProperty(options={"HIDDEN"}, override=OVERRIDABLE)
    first_frame: FloatProperty(
        name="Start",
        description="Frame at which the word begins. Move Face to Words moves the face there",
        get=_get_frame("start"),
        set=_set_frame("start"),
        precision=1,
        step=100,
    )
    last_frame: FloatProperty(
        name="End",
        description="Frame at which the word ends. Move Face to Words moves the face there",
        get=_get_frame("end"),
        set=_set_frame("end"),
        precision=1,
        step=100,
    )

    @property
    def in_sound(self) -> face_times.Times:
        """Start and end in the sound, rounded as they are stored with takes."""
        return round(self.sound_start, 4), round(self.sound_end, 4)

    def set_time(self, name: str, seconds: float) -> None:
        """Set "start" or "end" between the words beside it. A word that began or ended there goes along."""
        words = next(some for some in _lists(self.id_data) if self in some.values())
        at = words.values().index(self)
        other = at - 1 if name == "start" else at + 1
        beside = words[other] if 0 <= other < len(words) else None
        if name == "start":
            joined = beside is not None and abs(beside.end - self.start) < SAME_SECONDS
            low = (beside.start + MIN_SECONDS if joined else beside.end) if beside else -1e6
            self.start = min(max(seconds, low), self.end - MIN_SECONDS)
            if joined:
                beside.end = self.start
        else:
            joined = beside is not None and abs(beside.start - self.end) < SAME_SECONDS
            high = (beside.end - MIN_SECONDS if joined else beside.start) if beside else 1e6
            self.end = max(min(seconds, high), self.start + MIN_SECONDS)
            if joined:
                beside.start = self.end


class DifaceSpeech(bpy.types.PropertyGroup):
    """The words of one sound strip or file, whose name is this group's name."""

    words: CollectionProperty(type=DifaceWord, override=OVERRIDABLE | {"USE_INSERTION"})
    index: IntProperty(update=_show_word, override=OVERRIDABLE)


class DifaceWords(bpy.types.PropertyGroup):
    """The transcript and the words of a character, at `object.diface_words` of its main mesh."""

    source: EnumProperty(
        name="Transcript",
        description="Where the text of the speech is",
        items=(
            ("TEXT", "Typed", "The text is typed here"),
            ("BLOCK", "Text Block", "A text of the Text Editor"),
            ("FILE", "File", "A text file, subtitles with times (.srt, .vtt) or a TextGrid of Praat"),
        ),
        override=OVERRIDABLE,
    )
    text: StringProperty(name="Text", description="What is said", override=OVERRIDABLE)
    text_block: PointerProperty(
        name="Text Block",
        description="Text of the Text Editor with what is said",
        type=bpy.types.Text,
        override=OVERRIDABLE,
    )
    filepath: StringProperty(
        name="Transcript File",
        description="File with what is said: .txt, .srt, .vtt or .TextGrid",
        subtype="FILE_PATH",
        override=OVERRIDABLE,
    )
    language: EnumProperty(
        name="Language", description="Language of the transcript", items=LANGUAGES, override=OVERRIDABLE
    )
    speeches: CollectionProperty(type=DifaceSpeech, override=OVERRIDABLE | {"USE_INSERTION"})


def _lists(obj: bpy.types.Object) -> list[bpy.types.bpy_prop_collection]:
    return [speech.words for speech in obj.diface_words.speeches]


def find_speech(context: bpy.types.Context, obj: bpy.types.Object | None) -> DifaceSpeech | None:
    """Return the words of the chosen strip or file, None without any."""
    place = find_place(context)
    return obj.diface_words.speeches.get(place.name) if obj and place else None


def chosen_word(context: bpy.types.Context) -> DifaceWord:
    """Return the word that is chosen in the list. Raises SceneError if none is."""
    speech = find_speech(context, scene_settings.character(context))
    if speech is None or not speech.words:
        raise errors.SceneError("There are no words.", "Press Align Words, or Words from File.")
    if not 0 <= speech.index < len(speech.words):
        raise errors.SceneError("No word is chosen.", "Click one in the list.")
    return speech.words[speech.index]


def face_time(word: DifaceWord, moved: dict[face_times.Times, face_times.Times]) -> face_times.Times:
    """Return where the face has a word; `moved` is what the active take stores."""
    return moved.get(word.in_sound, (word.sound_start, word.sound_end))


def is_moved(word: DifaceWord, moved: dict[face_times.Times, face_times.Times]) -> bool:
    """Return whether a word's times were changed since the face was generated or moved."""
    start, end = face_time(word, moved)
    return abs(word.start - start) > SAME_SECONDS or abs(word.end - end) > SAME_SECONDS


GROUPS = (DifaceWord, DifaceSpeech, DifaceWords)


def register() -> None:
    for group in GROUPS:
        bpy.utils.register_class(group)
    bpy.types.Object.diface_words = PointerProperty(type=DifaceWords, override=OVERRIDABLE)


def unregister() -> None:
    del bpy.types.Object.diface_words
    for group in reversed(GROUPS):
        bpy.utils.unregister_class(group)
