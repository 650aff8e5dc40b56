"""The speech for a generation or an edit: a sound strip, or a file that starts at the first frame of the scene."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from ...core import errors, types
from ..keys import frame_rate
from . import audio_strip, decode, strip_identity


@dataclass(frozen=True)
class Speech:
    """A section of a sound file, the frame at which it starts, and its name for the user.

    line: the identity of the strip and what it plays, for a take to store; None for a file.
    """

    section: types.AudioSection
    first_frame: int
    name: str
    line: dict[str, Any] | None = None


@dataclass(frozen=True)
class SpeechChoice:
    """Where the speech comes from: the sound strip named `strip`, or the sound file `filepath` if it is not None.

    An empty `strip` means the active strip, or the only one. `filepath` may be relative to the .blend. `channel` is one
    of types.AUDIO_CHANNELS, and with `high_pass` what is lower than a voice is removed.
    """

    strip: str = ""
    filepath: str | None = None
    channel: str = types.MIX
    high_pass: bool = False

    def heard(self, section: types.AudioSection) -> types.AudioSection:
        """Return a section with the channel and the high-pass of the choice."""
        return dataclasses.replace(section, channel=self.channel, high_pass=self.high_pass)


def find_speech(context: bpy.types.Context, choice: SpeechChoice, folder: Path) -> Speech:
    """Return the speech that is chosen.

    Args:
        context: Names the scene and its sequencer.
        choice: The strip or the file.
        folder: Holds the files that have to be written.

    Raises:
        AudioError: There is no such strip or file, or it cannot be read.
        SceneError: The strip's scene has another frame rate.
    """
    if choice.filepath is None:
        speech = speech_from_strip(context, *audio_strip.find_strip(context, choice.strip), folder)
    else:
        speech = _speech_from_file(context.scene, choice.filepath, folder)
    return dataclasses.replace(speech, section=choice.heard(speech.section))


def has_speech(context: bpy.types.Context, choice: SpeechChoice) -> bool:
    """Return whether there is any sound to choose from: a strip, or the name of a file."""
    return bool(audio_strip.list_strips(context)) if choice.filepath is None else bool(choice.filepath)


def shifted(section: types.AudioSection, shift: float, seconds: float | None) -> types.AudioSection:
    """Return the section that begins `shift` seconds later, and lasts `seconds`. It may reach beyond the sound."""
    return dataclasses.replace(section, start=section.start + shift, seconds=seconds)


def locate_audio(
    context: bpy.types.Context,
    request: types.GenerateRequest,
    name: str,
    sound_file: str,
    folder: Path,
    shift: float = 0.0,
) -> types.AudioSection:
    """Return where the sound of a take is now. An idle one has none: what it states is returned.

    The take's sound file if it still exists; else `sound_file` if it has the sound's name (a file that only Blender
    can decode was a temporary copy for the worker); else what the strip of that name plays.

    Args:
        context: Names the scene and its sequencer.
        request: The request as the take stores it.
        name: The name of the strip or the file.
        sound_file: The sound file that the settings name. May be empty, or relative to the .blend.
        folder: Holds the files that have to be written.
        shift: Seconds from the start of the strip to that of the section, if the take does not begin with the strip.

    Raises:
        AudioError: The sound is missing, or cannot be read.
        SceneError: A file cannot be written.
    """
    section = request.audio
    if request.role == types.IDLE:
        return section
    if not name:
        hint = "Place the recording beside its sound by Import Recording."
        raise errors.AudioError("The take was imported without a sound.", hint)
    if section.path.is_file():
        return section
    chosen_file = Path(bpy.path.abspath(sound_file))
    if chosen_file.name == name and chosen_file.is_file():
        return dataclasses.replace(section, path=decode.ensure_readable(chosen_file, folder))
    if all(strip.name != name for _scene, strip in audio_strip.list_all_strips(context)):
        hint = "Bring the sound strip or file back under that name."
        raise errors.AudioError(f"The sound of the take is gone: {name}.", hint)
    found = audio_strip.audio_section(*audio_strip.find_strip(context, name), folder)
    found = dataclasses.replace(found, channel=section.channel, high_pass=section.high_pass)
    return shifted(found, shift, section.seconds) if shift else found


def speech_from_strip(
    context: bpy.types.Context,
    scene: bpy.types.Scene,
    strip: bpy.types.bpy_struct,
    folder: Path,
    side: str = "",
) -> Speech:
    """Return the speech of a strip of `scene`, or of one side of it (LEFT, RIGHT); see `find_speech`."""
    strip_rate, scene_rate = frame_rate.scene_rate(scene).value, frame_rate.scene_rate(context.scene).value
    if abs(strip_rate - scene_rate) > 1e-6:
        message = f"The sequencer's scene runs at {strip_rate:g} frames per second, this scene at {scene_rate:g}."
        raise errors.SceneError(message, "Give both scenes the same frame rate (Output properties).")
    first, _end = audio_strip.bounds(strip)
    identity = strip_identity.line_id(strip_identity.owners(scene), strip) or strip_identity.new_id()
    line = {"id": strip_identity.of_side(identity, side), **strip_identity.describe(scene, strip)}
    section = dataclasses.replace(audio_strip.audio_section(scene, strip, folder), channel=side or types.MIX)
    return Speech(section, first, strip.name, line)


def _speech_from_file(scene: bpy.types.Scene, filepath: str, folder: Path) -> Speech:
    if not filepath:
        raise errors.AudioError("No sound file is chosen.", "Choose one in the DiFACE panel.")
    path = Path(bpy.path.abspath(filepath)).absolute()  # the worker has another working directory
    if not path.is_file():
        raise errors.AudioError(f"There is no sound file {path}.", "Choose another in the DiFACE panel.")
    return Speech(types.AudioSection(decode.ensure_readable(path, folder)), scene.frame_start, path.name)
