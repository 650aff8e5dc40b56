"""Import a recorded face as a take, lined up with the sound."""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ...core import channels, errors, head_angles, placed, recorded_face, recording_files, types
from ...scene.animation import character_checks
from ...scene.audio import speech_source
from ...scene.files import temporary
from ...scene.keys import frame_rate
from ...scene.keys.wording import count_noun
from ...scene.provenance import recorded, take_request
from ...scene.takes import take_names, write_take
from ...scene.takes.lines import line
from ...settings import performance, scene_settings
from ...version import VERSION
from .. import bind_character, generate, running_job, worker_client
from . import choices as import_choices
from .choices import ImportChoices, Start

MAX_FRAMES = 250_000
"""Frames of a take above which an import is refused: two hours and more."""


class ImportJob(running_job.RunningJob):
    """An import. Lined up by the sound, it waits for the lips that the worker generates from it."""

    def __init__(
        self,
        task: running_job.Task,
        recording: recorded_face.Recording,
        choices: ImportChoices,
        speech: speech_source.Speech | None,
        start: Start | None,
        request: types.GenerateRequest,
        character_uid: int,
        folder: tempfile.TemporaryDirectory[str],
    ) -> None:
        super().__init__(folder)
        self._task, self._recording, self._choices = task, recording, choices
        self._speech, self._start, self._request = speech, start, request
        self._character_uid = character_uid
        self.has_gaps = False

    @property
    def task(self) -> running_job.Task:
        """The generation of the lips, or a finished task."""
        return self._task

    @property
    def fills_gaps(self) -> bool:
        """Whether frames without tracking are to be regenerated: there are some, and there is a sound."""
        return self.has_gaps and self._choices.fill_gaps and self._speech is not None

    def write_result(self) -> write_take.TakeResult:
        """Write the recording as a new take. Raises DifaceError, with the scene unchanged."""
        obj = character_checks.find_by_uid(self._character_uid)
        if obj is None:
            raise errors.SceneError("The character was deleted during the import.", "Undo that, and import again.")
        character_checks.check(obj, self._request.parts)
        rate = self._request.rate
        start = self._start or import_choices.by_sound(self._recording, self._generated(), self._speech, rate)
        at = placed.place(self._recording, start.frame, rate)
        if at.rows > MAX_FRAMES:
            message = f"The recording has {at.rows} frames at {rate.value:g} frames per second."
            raise errors.SceneError(message, f"Cut it to at most {MAX_FRAMES} frames.")
        sampled = placed.sample(self._recording, at.begin, rate, at.rows)
        name = take_names.take_name(self._choices.path.name)
        fields = self._fields(sampled, at, start)
        with bind_character.bound(obj):
            written = write_take.write_take(obj, sampled.motion, name, fields, generate.flame_placement(obj))
        self.has_gaps = bool(fields[recorded.LOST])
        return dataclasses.replace(written, notes=(*self._notes(start, fields[recorded.LOST]), *written.notes))

    def _generated(self) -> types.Motion:
        result = self._task.wait()
        assert isinstance(result, types.GenerateResult)
        return result.motion

    def _fields(self, sampled: placed.PlacedRecording, at: placed.Placement, start: Start) -> dict[str, Any]:
        """Return what the take stores. Its channels are all its own: it has no layers."""
        request, rate = self._request, self._request.rate
        more: dict[str, Any] = {"sound": "", "layers": None, "first_frame": at.first_frame, "diface": VERSION}
        if self._speech is not None:
            shift = rate.seconds(at.first_frame - self._speech.first_frame)
            section = speech_source.shifted(self._speech.section, shift, rate.seconds(at.rows))
            request = dataclasses.replace(request, audio=section)
            more |= {"sound": self._speech.name, recorded.SHIFT: shift}
            more |= {line.LINE: self._speech.line} if self._speech.line else {}
        more[recorded.LOST] = [
            [at.first_frame + first, at.first_frame + last] for first, last in placed.lost_spans(sampled.known)
        ]
        more[recorded.RECORDING] = {
            "file": self._choices.path.name,
            "kind": self._recording.kind,
            "rate": self._recording.rate.value,
            "frame": start.frame,
        }
        return take_request.to_json(request, **more)

    def _notes(self, start: Start, lost: list[list[int]]) -> list[str]:
        notes = [start.note, *self._recording.notes]
        if lost:
            frames = sum(last - first + 1 for first, last in lost)
            text = f"Tracking was lost in {count_noun(frames, 'frame')} ({count_noun(len(lost), 'gap')})"
            filled = "which Fill Gaps regenerates from the sound" if self._speech else "over which the motion leads"
            notes.append(f"{text}, {filled}.")
        return notes


def check_can_import(context: bpy.types.Context) -> None:
    """Raise DifaceError if no recording can be imported now. Fast enough for a button's poll."""
    running_job.check_idle()
    character_checks.check(scene_settings.character(context), ("face",))


def begin(context: bpy.types.Context, choices: ImportChoices) -> ImportJob:
    """Read a recording, and ask the worker for the lips of the sound if they are needed. Nothing is changed.

    Args:
        context: Names the character, the sound and the settings.
        choices: The file, and how it is lined up.

    Raises:
        DifaceError: The file is no recording, or the sound or the worker cannot be used.
    """
    check_can_import(context)
    obj = scene_settings.character(context)
    recording = recording_files.read_recording(choices.path, choices.rows_per_second or None)
    if choices.center_head and recording.has_head:
        recording = _with_centred_head(recording)
    with temporary.kept_folder() as folder:
        speech = _find_speech(context, choices, Path(folder.name))
        start = _start(context, recording, choices, speech)
        parts = ("face", "head") if recording.has_head else ("face",)
        section = speech.section if speech else types.AudioSection(Path())
        made = generate.request_from_settings(context.scene, performance.active(context), section)
        request = dataclasses.replace(made, parts=parts, layers=NO_LAYERS, engine=None)
        task = running_job.FinishedTask("Importing") if start else worker_client.submit(_lips_request(section))
        job = ImportJob(task, recording, choices, speech, start, request, obj.session_uid, folder)
    running_job.set_current(job)
    return job


NO_LAYERS = types.Layers(None, None, None, None)


def _lips_request(section: types.AudioSection) -> types.GenerateRequest:
    """Return the request for the mean motion of the lips: without variety, so that no seed moves it."""
    return types.GenerateRequest(section, parts=("face",), variety=0.0, layers=NO_LAYERS)


def _find_speech(context: bpy.types.Context, choices: ImportChoices, folder: Path) -> speech_source.Speech | None:
    """Return the chosen sound; None without one, or if it is not needed and cannot be used."""
    choice = performance.speech_choice(performance.active(context))
    if not speech_source.has_speech(context, choice):
        return None
    with contextlib.nullcontext() if choices.line_up == "SOUND" else contextlib.suppress(errors.DifaceError):
        return speech_source.find_speech(context, choice, folder)
    return None


def _start(
    context: bpy.types.Context,
    recording: recorded_face.Recording,
    choices: ImportChoices,
    speech: speech_source.Speech | None,
) -> Start | None:
    """Return where the recording begins; None if the worker has to find it. Raises SceneError."""
    scene, rate = context.scene, frame_rate.scene_rate(context.scene)
    if choices.line_up == "TIMECODE":
        first = speech.first_frame if speech else scene.frame_start
        return import_choices.by_timecode(recording, choices, speech, first, rate)
    if choices.line_up == "SOUND" and speech is not None:
        return None
    why = "There is no sound, so it begins" if choices.line_up == "SOUND" else "Begins"
    return Start(scene.frame_current, f"{why} at the playhead, frame {scene.frame_current}.")


def _with_centred_head(recording: recorded_face.Recording) -> recorded_face.Recording:
    head = slice(len(channels.FACE), len(channels.ALL))
    values = recording.values.copy()
    values[recording.tracked, head] = head_angles.relative_to_mean(values[recording.tracked, head]).astype(np.float32)
    return dataclasses.replace(recording, values=values)
