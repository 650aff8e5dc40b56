"""Jobs on a character that says nothing in a dialogue: a take that listens to a line, or is idle."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import bpy

from ...core import errors
from ...scene.audio import speech_source
from ...scene.files import temporary
from ...scene.keys import frame_rate
from ...scene.takes import take_index, use_take, write_take
from ...settings import performance
from .. import running_job, worker_client
from ..without_speech import silent_take
from . import lines, silent_spans


@dataclasses.dataclass(frozen=True)
class SpanName:
    """Names a span while a job runs: the character's `session_uid`, and its first frame."""

    character_uid: int
    first: int

    def find(self, context: bpy.types.Context) -> silent_spans.SilentSpan:
        """Return the span. Raises SceneError if no such span exists any more."""
        for span in silent_spans.find_spans(context, lines.find_lines(context)):
            if (span.character.session_uid, span.first) == (self.character_uid, self.first):
                return span
        raise errors.SceneError("The dialogue changed meanwhile.", "Press Generate Scene again.")


class SilentLineJob(silent_take.SilentTakeJob):
    """A take of a dialogue without speech. The line that is edited stays the active one."""

    def write_new_take(self) -> write_take.TakeResult:
        """Write the finished motion as a new take. Raises DifaceError, with the scene unchanged."""
        obj = self.find_character()
        try:
            before = take_index.active_take(obj)
        except errors.SceneError:
            before = []
        written = super().write_new_take()
        playing = lines.playing_takes(obj).values()
        if before and any(before[0] in actions for actions in playing):
            use_take.use_take(obj, before)
        return written


def begin(context: bpy.types.Context, name: SpanName) -> SilentLineJob:
    """Send the request of a span to the worker. Nothing in the scene is changed.

    Raises:
        DifaceError: The character cannot be animated, the sound cannot be read, or the worker cannot be started.
    """
    span = name.find(context)
    obj, scene = span.character, context.scene
    settings, rate = performance.of_object(obj, scene), frame_rate.scene_rate(scene)
    silent_take.check_character(obj, settings)
    with temporary.kept_folder() as folder:
        if span.heard is None:
            request = silent_take.idle_request(scene, settings, span.first, span.end - 1)
            sound = ""
        else:
            heard = span.heard
            speech = speech_source.speech_from_strip(context, heard.scene, heard.strip, Path(folder.name), heard.side)
            shift, seconds = rate.seconds(span.first - heard.first), rate.seconds(span.end - span.first)
            section = speech_source.shifted(speech.section, shift, seconds)
            request, sound = silent_take.listen_request(scene, settings, section), heard.strip.name
        request = dataclasses.replace(request, seed=request.seed + span.first % 1000)
        source = speech_source.Speech(request.audio, span.first, sound, span.describe())
        job = SilentLineJob(worker_client.submit(request), source, obj.session_uid, folder)
    running_job.set_current(job)
    return job
