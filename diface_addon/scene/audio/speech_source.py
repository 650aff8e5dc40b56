"""The speech that the settings name: a strip where it stands, or a file from the scene's first frame."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy

from ...core import errors, types
from ..keys import frame_rate
from . import audio_strip, decode


@dataclass(frozen=True)
class Speech:
    """A section of a sound file, the frame that its first sample is heard on, and its name for the artist."""

    section: types.AudioSection
    first_frame: int
    name: str


def of_settings(context: bpy.types.Context, folder: Path) -> Speech:
    """What `scene.diface` names; files that have to be made go to `folder`. Raises AudioError or SceneError."""
    settings = context.scene.diface
    if settings.source == "STRIP":
        return _of_strip(context, *audio_strip.find(context, settings.strip), folder)
    return _of_file(context.scene, settings.filepath, folder)


def _of_strip(context: bpy.types.Context, scene: bpy.types.Scene, strip, folder: Path) -> Speech:
    heard, seen = frame_rate.of(scene).value, frame_rate.of(context.scene).value
    if abs(heard - seen) > 1e-6:
        message = f"The sequencer's scene runs at {heard:g} frames a second, and this one at {seen:g}."
        raise errors.SceneError(message, "Give both scenes the same frame rate (Output properties).")
    first, _end = audio_strip.bounds(strip)
    return Speech(audio_strip.section(scene, strip, folder), first, strip.name)


def _of_file(scene: bpy.types.Scene, filepath: str, folder: Path) -> Speech:
    if not filepath:
        raise errors.AudioError("No sound file is chosen.", "Choose one in the DiFACE panel.")
    path = Path(bpy.path.abspath(filepath))
    if not path.is_file():
        raise errors.AudioError(f"There is no sound file {path}.", "Choose another in the DiFACE panel.")
    return Speech(types.AudioSection(decode.for_worker(path, folder)), scene.frame_start, path.name)
