"""Jobs on one line: generate it, or move its take to where the strip is now."""

from __future__ import annotations

import dataclasses
import tempfile
from dataclasses import dataclass
from pathlib import Path

import bpy

from ...core import errors
from ...scene.audio import audio_strip, speech_source, strip_identity
from ...scene.files import temporary
from ...scene.keys import frame_rate
from ...settings import choices, performance, threediface_models
from ...settings.dialogue import line_settings
from ...settings.directing import direction_settings
from ...worker import process
from .. import generate, running_job, worker_client
from ..diagnostics import retime
from . import lines, stale_takes


@dataclass(frozen=True)
class LineName:
    """Names a line while a job runs: the `session_uid` of its scene, and the strip, and the side of its sound."""

    scene_uid: int
    strip: str
    side: str = ""

    def find(self, context: bpy.types.Context) -> audio_strip.StripInScene:
        """Return the scene and the strip. Raises AudioError if the strip was deleted or renamed."""
        for scene, strip in audio_strip.list_all_strips(context):
            if scene.session_uid == self.scene_uid and strip.name == self.strip:
                return scene, strip
        raise errors.AudioError(f'The strip "{self.strip}" was deleted or renamed.', "Press Generate Scene again.")

    def find_character(self, context: bpy.types.Context) -> bpy.types.Object:
        """Return the main mesh of the character. Raises SceneError without one."""
        _scene, strip = self.find(context)
        speaker = line_settings.speakers(strip.diface).get(self.side)
        obj = line_settings.main_mesh(speaker)
        if obj is None:
            gone = "no longer has a character" if speaker is None else "has a character that was deleted"
            raise errors.SceneError(f'The strip "{self.strip}" {gone}.', "Choose one in the panel Dialogue.")
        return obj


class LineJob(generate.GenerationJob):
    """A line that the worker is processing."""

    line_name: LineName

    def find_character(self) -> bpy.types.Object:
        """Look the character up. Raises SceneError if it was deleted, or can no longer be animated."""
        self.line_name.find_character(bpy.context)
        return super().find_character()

    def restart_if_stale(self, context: bpy.types.Context) -> running_job.RunningJob | None:
        """Restart the job if the strip was moved, trimmed or replaced, or the frame rate changed, since it began."""
        scene, strip = self.line_name.find(context)
        source = self._source
        same = strip_identity.plays_the_same(source.line or {}, strip_identity.describe(scene, strip))
        same &= audio_strip.bounds(strip)[0] == source.first_frame
        same &= frame_rate.is_same(self.request.rate, frame_rate.scene_rate(context.scene))
        same &= self.line_name.find_character(context).session_uid == self._character_uid
        return None if same else begin_line(context, self.line_name)


@dataclass(frozen=True)
class MovedTake:
    """The result of a job on a take that was generated already."""

    name: str
    notes: tuple[str, ...] = ()


class ImmediateJob(running_job.RunningJob):
    """A job that only changes the scene."""

    def __init__(self) -> None:
        super().__init__()
        self._task = running_job.FinishedTask("Moving")

    @property
    def task(self) -> running_job.Task:
        """Nothing that would take time."""
        return self._task


class StaleTakesJob(ImmediateJob):
    """Unassigns the takes of lines that are no longer there."""

    def write_result(self) -> running_job.JobResult:
        """Unassign them. Raises DifaceError."""
        notes = tuple(stale_takes.unassign(bpy.context))
        stale_takes.remove_silent(bpy.context)
        return MovedTake("", notes)


class MoveJob(ImmediateJob):
    """A line whose take is moved to its strip: the motion and the user's keys stay as they are."""

    def __init__(self, line_name: LineName) -> None:
        super().__init__()
        self._line_name = line_name

    def write_result(self) -> running_job.JobResult:
        """Move the take. Raises DifaceError, with the scene unchanged."""
        scene, strip = self._line_name.find(bpy.context)
        every, wanted = lines.find_lines(bpy.context), (scene, strip, self._line_name.side)
        found = next((item for item in every if (item.scene, item.strip, item.side) == wanted), None)
        if found is None:
            raise errors.SceneError(f'The strip "{strip.name}" has no character.', "Choose one in the panel Dialogue.")
        if found.state != "MOVED" or found.character is None:
            return MovedTake(found.actions[0].name if found.actions else strip.name)
        actions = lines.take_actions(found.actions)
        frames = lines.frames_moved(found, lines.stored(found), frame_rate.scene_rate(bpy.context.scene))
        with direction_settings.reading_plain(found.character):
            return MovedTake(retime.move(bpy.context, found.character, actions, frames)[0].name)


def begin_line(context: bpy.types.Context, line_name: LineName, seed: int | None = None) -> LineJob:
    """Send the request of a line to the worker. Nothing in the scene is changed.

    Args:
        context: Names the scene with the settings, and its sequencer.
        line_name: The line.
        seed: Replaces the seed of the character and the line.

    Raises:
        DifaceError: The line cannot be generated, or the worker cannot be started.
    """
    scene, strip = line_name.find(context)
    obj = line_name.find_character(context)
    settings = performance.of_object(obj, context.scene)
    engine = threediface_models.models_from_settings(settings)
    generate.check_character(obj, choices.PARTS_BY_CHOICE[settings.parts], engine)
    with temporary.kept_folder() as folder:
        speech = speech_source.speech_from_strip(context, scene, strip, Path(folder.name), line_name.side)
        section = performance.speech_choice(settings).heard(speech.section)
        if line_name.side:
            section = dataclasses.replace(section, channel=speech.section.channel)
        request = generate.request_from_settings(context.scene, settings, section)
        request = dataclasses.replace(request, seed=settings.seed + strip.diface.seed if seed is None else seed)
        return _job(worker_client.submit(request), speech, obj, folder, line_name)


def begin_move(line_name: LineName) -> MoveJob:
    """Begin to move the take of a line to its strip."""
    job = MoveJob(line_name)
    running_job.set_current(job)
    return job


def begin_unassigning() -> StaleTakesJob:
    """Begin to unassign the takes of lines that are no longer there."""
    job = StaleTakesJob()
    running_job.set_current(job)
    return job


def _job(
    task: process.WorkerTask,
    speech: speech_source.Speech,
    obj: bpy.types.Object,
    folder: tempfile.TemporaryDirectory[str],
    line_name: LineName,
) -> LineJob:
    job = LineJob(task, speech, obj.session_uid, folder)
    job.line_name = line_name
    running_job.set_current(job)
    return job
