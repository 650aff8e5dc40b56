"""Idle and Listen: generate a take of a character that says nothing."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path

import bpy

from ...core import errors, types
from ...scene.audio import audio_strip, speech_source
from ...scene.directing.gaze import aim
from ...scene.files import temporary
from ...scene.keys import frame_rate
from ...scene.takes import write_take
from ...settings import choices, performance, scene_settings
from ...settings.directing import direction_settings
from ...settings.performance_settings import DifacePerformance
from .. import generate, running_job, worker_client

IDLE_NAME = "Idle"
"""What an idle take is called after, in the place of a sound."""
LISTENER_SECONDS, LISTENER_SHARE = 7.9, 0.95
"""Mean seconds of a listener's look at the speaker, and the share of the time: 7.9 s, and 0.4 s away (chosen,
after Lee, Badler & Badler 2002)."""
NEEDS_ARKIT = "Idle and Listen move ARKit shape keys, which 3DiFACE checkpoints do not have."


class SilentTakeJob(generate.GenerationJob):
    """A take without speech that the worker is processing."""

    def write_result(self) -> write_take.TakeResult:
        """Write a new take; a listener begins to look at the speaker. Raises DifaceError, with the scene unchanged."""
        written = super().write_result()
        if self.request.role != types.LISTEN:
            return written
        notes = look_at_speaker(self.find_character(), bpy.context.scene)
        return dataclasses.replace(written, notes=(*written.notes, *notes))

    def label(self) -> str:
        """Return what the new take is called after: the one that is listened to, or nobody."""
        return f"Listen to {self._source.name}" if self.request.role == types.LISTEN else IDLE_NAME


def check_can_idle(context: bpy.types.Context) -> None:
    """Raise DifaceError if the character cannot be idle. Fast enough for a button's poll."""
    running_job.check_idle()
    check_character(scene_settings.character(context), performance.active(context))


def check_character(obj: bpy.types.Object | None, settings: DifacePerformance) -> None:
    """Raise DifaceError if takes without speech cannot animate a character with its settings."""
    if settings.engine != "DIFACE":
        raise errors.ModelError(NEEDS_ARKIT, "Choose the engine DiFACE.")
    generate.check_character(obj, choices.PARTS_BY_CHOICE[settings.parts], None)


def check_can_listen(context: bpy.types.Context) -> None:
    """Raise DifaceError if the character cannot listen. Fast enough for a button's poll."""
    check_can_idle(context)
    audio_strip.find_strip(context, performance.active(context).listen_to)


def begin_idle(context: bpy.types.Context, first: int, last: int) -> SilentTakeJob:
    """Begin an idle take of the active character. Nothing in the scene is changed.

    Args:
        context: Names the scene and the character.
        first: The first frame.
        last: The last frame.

    Raises:
        DifaceError: The character cannot be animated, the frames are no range, or the worker cannot be started.
    """
    check_can_idle(context)
    request = idle_request(context.scene, performance.active(context), first, last)
    return _begin(context, request, speech_source.Speech(request.audio, first, ""), None)


def begin_listen(context: bpy.types.Context) -> SilentTakeJob:
    """Begin a take that listens to the strip of the settings. Nothing in the scene is changed.

    Raises:
        DifaceError: The character cannot be animated, the strip cannot be read, or the worker cannot be started.
    """
    check_can_listen(context)
    settings = performance.active(context)
    choice = speech_source.SpeechChoice(strip=settings.listen_to)
    with temporary.kept_folder() as folder:
        speech = speech_source.find_speech(context, choice, Path(folder.name))
        return _begin(context, listen_request(context.scene, settings, speech.section), speech, folder)


def idle_request(scene: bpy.types.Scene, settings: DifacePerformance, first: int, last: int) -> types.GenerateRequest:
    """Return the request of an idle character. Raises SceneError if the frames are no range.

    Args:
        scene: The scene, for frame rate and quality.
        settings: The character's settings.
        first: The first frame.
        last: The last frame.
    """
    if last <= first:
        raise errors.SceneError(f"The frames {first} to {last} are no range.", "Set the scene's or the preview range.")
    section = types.AudioSection(Path(), 0.0, frame_rate.scene_rate(scene).seconds(last - first + 1))
    return dataclasses.replace(generate.request_from_settings(scene, settings, section), role=types.IDLE)


def listen_request(
    scene: bpy.types.Scene, settings: DifacePerformance, section: types.AudioSection
) -> types.GenerateRequest:
    """Return the request of a character that listens to a section of a sound.

    Args:
        scene: The scene, for frame rate and quality.
        settings: The listener's settings.
        section: What the other character says.
    """
    spoken = generate.request_from_settings(scene, settings, section)
    return dataclasses.replace(spoken, role=types.LISTEN, reactions=settings.reactions)


def look_at_speaker(listener: bpy.types.Object, scene: bpy.types.Scene) -> list[str]:
    """Let a character look at the speaker of its settings, as listeners do; return notes for the user.

    Without a speaker, or if it looks at something already, nothing is changed.

    Args:
        listener: The main mesh of the character.
        scene: The scene that the character is in.
    """
    speaker, gaze = performance.of_object(listener, scene).speaker, listener.diface.gaze
    if speaker is None or gaze.use:
        return []
    gaze.look_at, gaze.target = "OBJECT", speaker
    gaze.often, gaze.duration = LISTENER_SHARE, LISTENER_SECONDS
    gaze.use = True
    aimed = direction_settings.gaze_aim(listener)
    problem = aim.problem(listener, aimed) if aimed else ""
    return [problem] if problem else [f"Looks at {speaker.name} (panel Gaze)."]


def _begin(
    context: bpy.types.Context,
    request: types.GenerateRequest,
    speech: speech_source.Speech,
    folder: tempfile.TemporaryDirectory[str] | None,
) -> SilentTakeJob:
    uid = scene_settings.character(context).session_uid
    job = SilentTakeJob(worker_client.submit(request), speech, uid, folder)
    running_job.set_current(job)
    return job
