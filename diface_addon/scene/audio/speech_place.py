"""Where in the scene a sound is heard: the frame of each of its seconds. Fast enough for a panel."""

from __future__ import annotations

from dataclasses import dataclass

import bpy

from ...core import errors, types
from ..keys import frame_rate
from . import audio_strip
from .speech_source import SpeechChoice


@dataclass(frozen=True)
class SpeechPlace:
    """Where a sound is heard.

    Attributes:
        name: Name of the strip or the file.
        first_frame: The frame at which the sound begins to be heard.
        start: The second of the sound that is heard then.
        rate: The scene's.
    """

    name: str
    first_frame: int
    start: float
    rate: types.FrameRate

    def frame(self, seconds: float) -> float:
        """Return the frame at which a second of the sound is heard."""
        return self.first_frame + (seconds - self.start) * self.rate.value

    def seconds(self, frame: float) -> float:
        """Return the second of the sound that is heard at a frame."""
        return self.start + self.rate.seconds(frame - self.first_frame)


def find_place(context: bpy.types.Context, choice: SpeechChoice) -> SpeechPlace:
    """Return where the speech that is chosen is heard. Raises AudioError without one."""
    rate = frame_rate.scene_rate(context.scene)
    if choice.filepath is None:
        _scene, strip = audio_strip.find_strip(context, choice.strip)
        first, _end = audio_strip.bounds(strip)
        return SpeechPlace(strip.name, first, audio_strip.first_second(strip, rate), rate)
    if not choice.filepath:
        raise errors.AudioError("No sound file is chosen.", "Choose one in the DiFACE panel.")
    return SpeechPlace(bpy.path.basename(choice.filepath), context.scene.frame_start, 0.0, rate)
