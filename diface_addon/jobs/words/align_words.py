"""Align Words: the worker finds when the words of the transcript are heard; they become the character's list."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import bpy

from ...core import errors, read_transcript, spread_words, words
from ...scene.animation import character_checks
from ...scene.audio import speech_place, speech_source
from ...scene.files import temporary
from ...scene.keys.wording import count_noun
from ...settings import performance, scene_settings, word_settings
from ...worker import process
from .. import running_job, worker_client
from . import word_list

ALIGNER = "pocketsphinx"
INSTALL_HINT = (
    "Press Create Environment in DiFACE's preferences, or install it into the worker's Python: "
    "pip install pocketsphinx espeakng-loader"
)


@dataclass(frozen=True)
class AlignedWords:
    """The words that were listed."""

    name: str
    notes: tuple[str, ...]


class AlignJob(running_job.WorkerJob):
    """An alignment that the worker is processing."""

    def __init__(
        self,
        task: process.WorkerTask,
        character_uid: int,
        place: speech_place.SpeechPlace,
        folder: tempfile.TemporaryDirectory[str],
    ) -> None:
        super().__init__(task, folder)
        self._character_uid, self._place = character_uid, place

    def write_result(self) -> AlignedWords:
        """List the words. Raises DifaceError, with the scene unchanged."""
        result = self.task.wait_for(words.Alignment)
        obj = character_checks.find_by_uid(self._character_uid)
        if obj is None:
            raise errors.SceneError("The character was deleted while DiFACE worked.", "Undo that, and align again.")
        word_list.set_words(obj, self._place.name, result.words, self._place.start)
        return AlignedWords(count_noun(len(result.words), "word"), result.notes)


def check_can_align(context: bpy.types.Context) -> None:
    """Raise DifaceError if there is no transcript, no sound or no aligner. Fast enough for a button's poll."""
    running_job.check_idle()
    obj = check_character(context)
    speech_place.find_place(context, performance.speech_choice(performance.active(context)))
    _check_transcript(obj.diface_words)
    if process.shared_worker().versions.get(ALIGNER, "") is None:
        raise errors.WorkerError("PocketSphinx, which aligns words, is not installed.", INSTALL_HINT)


def check_file(context: bpy.types.Context) -> None:
    """Raise DifaceError if no transcript file or no sound is chosen. Fast enough for a button's poll."""
    obj = check_character(context)
    speech_place.find_place(context, performance.speech_choice(performance.active(context)))
    if obj.diface_words.source != "FILE":
        raise errors.SceneError("The transcript is not a file.", "Set Transcript to File.")
    _check_transcript(obj.diface_words)


def _check_transcript(settings: word_settings.DifaceWords) -> None:
    if settings.source == "BLOCK" and settings.text_block is None:
        raise errors.SceneError("No text block is chosen.", "Choose one, or type the text.")
    if settings.source == "FILE" and not settings.filepath:
        raise errors.SceneError("No transcript file is chosen.", "Choose one.")
    if settings.source == "TEXT" and not settings.text.strip():
        raise errors.SceneError("The transcript is empty.", "Type what is said.")


def check_character(context: bpy.types.Context) -> bpy.types.Object:
    """Return the character. Raises SceneError without one, or if its words cannot be changed."""
    obj = scene_settings.character(context)
    if obj is None or obj.type != "MESH":
        raise errors.SceneError("No character is chosen.", "Choose one in the DiFACE panel.")
    if obj.library is not None:
        raise errors.SceneError(f"{obj.name} is in another file.", "Make a library override of it.")
    return obj


def begin(context: bpy.types.Context) -> AlignJob:
    """Send the transcript and the sound to the worker. Raises DifaceError, with nothing changed."""
    check_can_align(context)
    obj, choice = scene_settings.character(context), performance.speech_choice(performance.active(context))
    place = speech_place.find_place(context, choice)
    transcript = read_settings(obj.diface_words)
    with temporary.kept_folder() as folder:
        speech = speech_source.find_speech(context, choice, Path(folder.name))
        cues = _in_section(transcript, place.start)
        request = words.AlignRequest(speech.section, cues, obj.diface_words.language)
        job = AlignJob(worker_client.submit(request), obj.session_uid, place, folder)
    running_job.set_current(job)
    return job


def read_settings(settings: word_settings.DifaceWords) -> words.Transcript:
    """Return the transcript that the settings name. Raises DifaceError if it cannot be read."""
    if settings.source == "FILE":
        return read_transcript.read_transcript(Path(bpy.path.abspath(settings.filepath)))
    text = (
        settings.text if settings.source == "TEXT" or settings.text_block is None else settings.text_block.as_string()
    )
    return read_transcript.parse_plain(text)


def list_words_of_file(context: bpy.types.Context) -> AlignedWords:
    """List the words of a transcript file with its times, without the aligner.

    Raises:
        DifaceError: There is no such file, or it has no times within the sound.
    """
    obj = check_character(context)
    place = speech_place.find_place(context, performance.speech_choice(performance.active(context)))
    transcript = read_settings(obj.diface_words)
    found = spread_words.timed_words(transcript)
    if not found:
        hint = "Choose subtitles (.srt, .vtt) or a .TextGrid, or press Align Words."
        raise errors.SceneError("The transcript has no times.", hint)
    word_list.set_words(obj, place.name, found, 0.0)
    spread = (
        () if transcript.words else ("The words of each subtitle are spread over it: their times are approximate.",)
    )
    return AlignedWords(count_noun(len(found), "word"), spread)


def _in_section(transcript: words.Transcript, start: float) -> tuple[words.Cue, ...]:
    """Return the cues with times from the start of the section instead of the file."""
    return tuple(
        cue if cue.start is None or cue.end is None else words.Cue(cue.text, cue.start - start, cue.end - start)
        for cue in transcript.cues
    )
