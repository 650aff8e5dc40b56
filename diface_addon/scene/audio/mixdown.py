"""Mix sound down with Blender, for strips that only Blender can play: those at another speed."""

from __future__ import annotations

import time
from pathlib import Path

import bpy

from ... import compat
from ...core import errors
from ..files.scene_copy import scene_copy

TIMEOUT = 10.0
"""Seconds without progress after which a mixdown has failed."""


def mix_strip(scene: bpy.types.Scene, strip: bpy.types.bpy_struct, bounds: tuple[int, int], folder: Path) -> Path:
    """Write what `strip` plays from frame bounds[0] up to bounds[1] to a wav file in `folder`. Raises AudioError."""
    with scene_copy(scene) as copy:
        for other in compat.strips_all(copy.sequence_editor):
            other.mute = other.mute or (other.type == "SOUND" and other.name != strip.name)
            if other.name == strip.name:
                other.volume, other.pan = 1.0, 0.0
        copy.animation_data_clear()  # volume envelopes
        copy.audio_volume, copy.use_audio = 1.0, True  # muting the Timeline must not mute the mixdown
        return mix_scene(copy, bounds, folder)


def mix_other_scene(scene: bpy.types.Scene, bounds: tuple[int, int], folder: Path) -> Path:
    """Write all that a scene plays from frame bounds[0] up to bounds[1] to a wav file. Raises AudioError."""
    if scene.sequence_editor is None:
        raise errors.AudioError(f'The scene "{scene.name}" has no sound.', "Choose another strip.")
    with scene_copy(scene) as copy:
        copy.use_audio = True
        return mix_scene(copy, bounds, folder)


def mix_scene(copy: bpy.types.Scene, bounds: tuple[int, int], folder: Path) -> Path:
    """Write all sound of a scene's copy from frame bounds[0] up to bounds[1] to a wav file. Raises AudioError."""
    copy.use_preview_range = False
    first = max(bounds[0], 1)  # a scene's range cannot begin before frame 0; strips can
    for strip in compat.strips(copy.sequence_editor):
        compat.move_strip(strip, first - bounds[0])
    copy.frame_start, copy.frame_end = first, first + bounds[1] - bounds[0] - 1
    target = folder / "mixdown.wav"
    try:
        with bpy.context.temp_override(scene=copy):  # pyrefly: ignore[bad-context-manager]
            # In stereo: mixing to mono adds the channels, and clips.
            bpy.ops.sound.mixdown(
                filepath=str(target),
                check_existing=False,
                relative_path=False,
                container="WAV",
                codec="PCM",
                format="F32",
                channels="STEREO",
                mixrate=48000,
                accuracy=32,
            )
    except RuntimeError as reason:
        hint = "Reset the strip's speed (Strip > Retiming), or render it to a sound file and use that."
        raise errors.AudioError(f"Blender could not mix the sound down: {reason}", hint) from reason
    _wait_for(target)
    return target


def _wait_for(wav: Path) -> None:
    """Wait until a mixdown has finished: a Blender with a window mixes in a thread, which reads the copied scene.

    It has finished when the header contains the size of the file, which is written last.
    """
    last_size, last_growth = -1, time.monotonic()
    while time.monotonic() - last_growth < TIMEOUT:
        header = _read_header(wav)
        size = wav.stat().st_size if header else 0
        if size > 44 and int.from_bytes(header[4:], "little") == size - 8:
            return
        if size != last_size:
            last_size, last_growth = size, time.monotonic()
        time.sleep(0.01)
    raise errors.AudioError("Blender did not finish mixing the sound down.", "Try again, or use a sound file.")


def _read_header(wav: Path) -> bytes:
    if not wav.is_file():
        return b""
    with wav.open("rb") as file:
        return file.read(8)
