"""Blender's own mix of one strip, for what only Blender can play: strips at another speed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import bpy

from ... import compat
from ...core import errors

TIMEOUT = 10.0
"""Seconds without progress after which a mixdown is given up."""


@contextlib.contextmanager
def scene_copy(scene: bpy.types.Scene) -> Iterator[bpy.types.Scene]:
    """A copy of `scene` to change at will, holding the same objects; it is gone afterwards."""
    copy = scene.copy()
    try:
        yield copy
    finally:
        bpy.data.scenes.remove(copy)


def mix_strip(scene: bpy.types.Scene, strip: bpy.types.bpy_struct, bounds: tuple[int, int], folder: Path) -> Path:
    """A wav file of what `strip` plays in the frames from bounds[0] up to bounds[1]. Raises AudioError."""
    with scene_copy(scene) as copy:
        for other in compat.strips_all(copy.sequence_editor):
            other.mute = other.mute or (other.type == "SOUND" and other.name != strip.name)
            if other.name == strip.name:
                other.volume, other.pan = 1.0, 0.0
        copy.animation_data_clear()  # volume envelopes
        copy.audio_volume, copy.use_audio = 1.0, True  # the Timeline's Mute is for listening
        return mix_scene(copy, bounds, folder)


def mix_scene(copy: bpy.types.Scene, bounds: tuple[int, int], folder: Path) -> Path:
    """A wav file of all that a scene's copy plays in the frames from bounds[0] up to bounds[1]. Raises AudioError."""
    copy.use_preview_range = False
    first = max(bounds[0], 1)  # a scene's range cannot begin before frame 0; strips can
    for strip in compat.strips(copy.sequence_editor):
        compat.move_strip(strip, first - bounds[0])
    copy.frame_start, copy.frame_end = first, first + bounds[1] - bounds[0] - 1
    target = folder / "mixdown.wav"
    try:
        with bpy.context.temp_override(scene=copy):
            # In stereo: mixing to mono adds the channels up, and clips.
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
    """A Blender with a window goes on mixing in a thread, and the copy must stay until it has finished.

    It has when the header states the file's size, which is written last.
    """
    size = -1
    quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < TIMEOUT:
        head = _read_header(wav)
        now = wav.stat().st_size if head else 0
        if now > 44 and int.from_bytes(head[4:], "little") == now - 8:
            return
        if now != size:
            size, quiet_since = now, time.monotonic()
        time.sleep(0.01)
    raise errors.AudioError("Blender did not finish mixing the sound down.", "Try again, or use a sound file.")


def _read_header(wav: Path) -> bytes:
    if not wav.is_file():
        return b""
    with wav.open("rb") as file:
        return file.read(8)
