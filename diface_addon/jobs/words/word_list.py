"""The list of a character's words: filled from an alignment or a file, and read as values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import bpy

from ...core import words
from ...scene.audio import speech_place
from ...settings import performance, word_settings
from . import word_closures


@dataclass(frozen=True)
class WordFrames:
    """A word as an edit needs it; frames of the scene, fractions allowed.

    Attributes:
        text: The word.
        start: The frame at which it begins.
        end: The frame at which it ends.
        phones: The middle of each of its sounds; its thirds if they are not known.
        accent: The middle of its most prominent vowel; its own middle if it is not known.
    """

    text: str
    start: float
    end: float
    phones: tuple[float, ...]
    accent: float

    @property
    def frames(self) -> tuple[int, int]:
        """The first and the last whole frame."""
        first = round(self.start)
        return first, max(first, round(self.end))


def set_words(obj: bpy.types.Object, name: str, found: Sequence[words.Word], offset: float) -> None:
    """Replace the words of one strip or file of a character.

    Args:
        obj: The character's main mesh.
        name: The strip or file.
        found: The words.
        offset: Seconds of the sound at which their times begin.
    """
    speeches = obj.diface_words.speeches
    speech = speeches.get(name) or speeches.add()
    speech.name = name
    speech.words.clear()
    for word in found:
        item = speech.words.add()
        item.name = item.text = word.text
        item.start = item.sound_start = offset + word.start
        item.end = item.sound_end = offset + word.end
        item.accent = -1.0 if word.accent is None else (word.accent - word.start) / (word.end - word.start)
        item.is_doubtful = word.is_doubtful
        length = word.end - word.start
        shares = [((phone.start + phone.end) / 2 - word.start) / length for phone in word.phones]
        item.closures = word_closures.to_shares(word.phones, word.start, word.end)
        item.phones = json.dumps([round(share, 4) for share in shares]) if shares else ""


def chosen_frames(context: bpy.types.Context) -> WordFrames:
    """Return the word that is chosen in the list. Raises SceneError if none is, or AudioError without its sound."""
    word = word_settings.chosen_word(context)
    place = speech_place.find_place(context, performance.speech_choice(performance.active(context)))
    start, end = place.frame(word.start), place.frame(word.end)
    shares = _shares(word.phones)
    accent = word.accent if 0 <= word.accent <= 1 else 0.5
    phones = tuple(start + share * (end - start) for share in shares)
    return WordFrames(word.text, start, end, phones, start + accent * (end - start))


def _shares(stored: str) -> tuple[float, ...]:
    """Return where in a word the middles of its sounds are, 0 to 1."""
    try:
        return tuple(float(share) for share in json.loads(stored)) or (1 / 6, 0.5, 5 / 6)
    except (ValueError, TypeError):
        return 1 / 6, 0.5, 5 / 6
