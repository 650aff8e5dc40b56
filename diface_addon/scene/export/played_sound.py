"""The sound of an export: the sequencer's, or that of the chosen file."""

from __future__ import annotations

import contextlib
import wave
from collections.abc import Generator
from pathlib import Path

import bpy
import numpy as np

from ... import compat
from ...core import errors
from ..audio import mixdown, speech_source
from ..files import temporary
from ..files.scene_copy import scene_copy

RATE = 48000
"""Samples per second of a mixdown."""


def check_sound() -> None:
    """Raise SceneError if this Blender cannot write sound."""
    if not compat.HAS_AUDIO:
        hint = "Turn Sound off, or use the Blender from blender.org."
        raise errors.SceneError("This Blender is built without sound.", hint)


def write_sound(context: bpy.types.Context, frames: tuple[int, int], sound_file: str | None, path: Path) -> None:
    """Write the sound of a range of frames as a wav file: 16 bits, stereo, 48 kHz.

    Args:
        context: Names the scene.
        frames: First and last frame.
        sound_file: The sound file of the speech; None: the sequencer's sound.
        path: The file.

    Raises:
        DifaceError: There is no sound, or it cannot be mixed.
    """
    check_sound()
    with (
        temporary.folder() as folder,
        scene_copy(context.scene) as copy,
        temporary_sound(context, copy, frames, sound_file, Path(folder)),
    ):
        if not copy.sequence_editor or not len(compat.strips(copy.sequence_editor)):
            raise errors.AudioError("There is no sound in these frames.", "Load a sound, or turn Sound off.")
        (Path(folder) / "range").mkdir()
        content = mixdown.mix_scene(copy, (frames[0], frames[1] + 1), Path(folder) / "range").read_bytes()
    samples = np.frombuffer(content[content.index(b"data", 12) + 8 :], np.float32)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.rint(np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes())


@contextlib.contextmanager
def temporary_sound(
    context: bpy.types.Context, copy: bpy.types.Scene, frames: tuple[int, int], sound_file: str | None, folder: Path
) -> Generator[None]:
    """Put the sound of the sequencer, or of the chosen file, into the sequencer of the copy."""
    before = {sound.session_uid for sound in bpy.data.sounds}
    if compat.HAS_AUDIO:
        _place_sound(context, copy, frames, sound_file, folder)
    try:
        yield
    finally:
        if _is_alive(copy):
            for sound in [sound for sound in bpy.data.sounds if sound.session_uid not in before]:
                bpy.data.sounds.remove(sound)


def _place_sound(
    context: bpy.types.Context, copy: bpy.types.Scene, frames: tuple[int, int], sound_file: str | None, folder: Path
) -> None:
    """Add one strip with all the sound: images in the sequencer would be rendered instead of the 3D scene."""
    sound_scene = compat.sequencer_scene(context) or context.scene
    sound, frame = None, frames[0]
    if sound_file is not None:
        with contextlib.suppress(errors.AudioError):  # a silent video is better than none
            speech = speech_source.find_speech(context, speech_source.SpeechChoice(filepath=sound_file), folder)
            sound, frame = speech.section.path, speech.first_frame
    elif sound_scene.sequence_editor and compat.strips(sound_scene.sequence_editor):
        with scene_copy(sound_scene) as other:
            sound = mixdown.mix_scene(other, (frames[0], frames[1] + 1), folder)

    copy.sequence_editor_clear()
    if sound:
        compat.strips(copy.sequence_editor_create()).new_sound(sound.name, str(sound), 1, frame)


def _is_alive(block: bpy.types.ID) -> bool:
    """Return whether a data-block still exists; opening another file removes all of them."""
    try:
        return bool(block.name)
    except ReferenceError:
        return False
