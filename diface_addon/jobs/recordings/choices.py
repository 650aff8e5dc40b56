"""What the user chooses when a recording is imported, and where its first row is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from ...core import align, errors, recorded_face, row_times, sound_timecode, types
from ...scene.audio import speech_source

DAY = 24 * 3600.0


@dataclass(frozen=True)
class ImportChoices:
    """How a recording is imported.

    Attributes:
        path: The file.
        line_up: "SOUND", "TIMECODE" or "PLAYHEAD".
        timecode: Of the first frame of the sound, or of the scene without one; "" is read from the sound file.
        rows_per_second: Replaces the times of the file; 0 keeps them.
        center_head: Whether the head's rotation is relative to its mean.
        fill_gaps: Whether frames without tracking are regenerated.
    """

    path: Path
    line_up: str = "SOUND"
    timecode: str = ""
    rows_per_second: float = 0.0
    center_head: bool = False
    fill_gaps: bool = True


@dataclass(frozen=True)
class Start:
    """The frame of a recording's first row, which may be between frames, and how it was found."""

    frame: float
    note: str


def by_sound(
    recording: recorded_face.Recording, generated: types.Motion, speech: speech_source.Speech, rate: types.FrameRate
) -> Start:
    """Return where a recording begins by the lips that were generated from the sound; at its start if they differ."""
    found = align.find_offset(recording, generated)
    if found.is_found:
        frame = speech.first_frame + found.seconds * rate.value
        return Start(frame, f"Lined up with {speech.name} at frame {frame:.1f} (correlation {found.score:.2f}).")
    note = (
        f"Its mouth does not follow {speech.name} (correlation {found.score:.2f}), so it begins where the sound does."
    )
    return Start(speech.first_frame, f"{note} Import it again at the playhead if that is wrong.")


def by_timecode(
    recording: recorded_face.Recording,
    choices: ImportChoices,
    speech: speech_source.Speech | None,
    first: int,
    rate: types.FrameRate,
) -> Start:
    """Return where a recording begins by its timecode.

    Args:
        recording: The recording.
        choices: May name the timecode of the frame `first`.
        speech: The sound, whose file may name the time at which it begins.
        first: The first frame of the sound, or of the scene.
        rate: The scene's frame rate.

    Raises:
        SceneError: Recording or sound have no timecode.
    """
    if recording.start is None:
        hint = "Line it up by its sound, or at the playhead."
        raise errors.SceneError(f"{choices.path.name} has no timecodes.", hint)
    reference = _reference(choices, speech, rate)
    # The nearest of the two directions around midnight.
    offset = math.remainder(recording.start - reference, DAY)
    return Start(first + offset * rate.value, f"Begins at frame {first + offset * rate.value:.1f} by its timecode.")


def _reference(choices: ImportChoices, speech: speech_source.Speech | None, rate: types.FrameRate) -> float:
    """Return the seconds since midnight of the first frame of the sound. Raises SceneError if they are not known."""
    if choices.timecode:
        try:
            return row_times.seconds_of_timecode(choices.timecode, max(1, math.ceil(rate.value - 1e-6)))
        except ValueError as reason:
            hint = "Write hours, minutes, seconds and frames, such as 10:00:00:00."
            raise errors.SceneError(f'"{choices.timecode}" is not a timecode.', hint) from reason
    start = sound_timecode.start_of_sound(speech.section.path) if speech else None
    if speech is None or start is None:
        hint = "Type the timecode of its first frame under Timecode, or line the recording up in another way."
        raise errors.SceneError("The sound has no timecode.", hint)
    return start + speech.section.start
