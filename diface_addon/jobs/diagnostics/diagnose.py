"""Check the active animation: what the scene shows at once, and what the worker finds in sound and motion."""

from __future__ import annotations

import dataclasses
import tempfile
from dataclasses import dataclass
from pathlib import Path

import bpy

from ...core import channels, errors, types
from ...scene.animation import character_checks
from ...scene.diagnostics import wording
from ...scene.diagnostics.problem import Problem
from ...scene.files import temporary
from ...scene.keys.wording import count_noun
from ...settings import findings, scene_settings
from ...worker import process
from .. import edit, edit_parts, edit_plan, edit_shape_keys, edit_threediface, running_job, worker_client
from ..words import word_closures
from . import check_scene, fix_plan

NO_ARKIT_FACE = "A face of 3DiFACE models has no ARKit shapes, so that lips and sound are not compared."

NO_SPEECH = "Nobody speaks in this take, so that lips and sound are not compared."


@dataclass(frozen=True)
class DiagnosisReport:
    """What was found, for the user."""

    name: str
    notes: tuple[str, ...]


class DoneTask:
    """A task without work: only the scene is checked."""

    state: process.State = "done"
    progress = types.Progress(1.0, "")

    def poll(self) -> tuple[()]:
        """Return no events."""
        return ()

    def wait(self) -> None:
        """Return at once."""

    def cancel(self) -> None:
        """Do nothing."""


class DiagnosisJob(running_job.RunningJob):
    """A check of the active animation. Its rows replace those of the last one."""

    def __init__(
        self,
        task: process.WorkerTask | DoneTask,
        obj: bpy.types.Object,
        edited: edit_plan.EditContext | None,
        known: tuple[Problem, ...],
        notes: tuple[str, ...],
        folder: tempfile.TemporaryDirectory[str],
    ) -> None:
        super().__init__(folder)
        self._task = task
        self._object_uid = obj.session_uid
        self._edited, self._known, self._notes = edited, known, notes

    @property
    def task(self) -> process.WorkerTask | DoneTask:
        """The request, or a task without work."""
        return self._task

    def write_result(self) -> DiagnosisReport:
        """Store the rows. Raises SceneError if the character was deleted."""
        obj = character_checks.find_by_uid(self._object_uid)
        if obj is None:
            raise errors.SceneError("The character was deleted during the check.", "Undo that, and check again.")
        found = [*self._known, *self._heard()]
        found.sort(key=lambda problem: problem.first)
        findings.store(bpy.context, obj, found)
        return DiagnosisReport(obj.name, (_summary(found), *self._notes))

    def _heard(self) -> list[Problem]:
        """Return what the worker found, and whether pins cause it."""
        if self._edited is None or not isinstance(self._task, process.WorkerTask):
            return []
        fps, found = self._edited.motion.rate.value, []
        for finding in self._task.wait_for(types.Diagnosis).findings:
            problem = wording.from_finding(finding, self._edited.first_frame)
            is_pinned = problem.kind in wording.PIN_SENTENCES and fix_plan.against_speech(
                self._edited.pins, problem, fps
            )
            found.append(wording.caused_by_pins(problem) if is_pinned else problem)
        return found


def _summary(problems: list[Problem]) -> str:
    return f"Found {count_noun(len(problems), 'problem')}." if problems else "Nothing is wrong."


def begin(context: bpy.types.Context) -> DiagnosisJob:
    """Begin a check of the active animation. Nothing in the scene is changed.

    Raises:
        DifaceError: There is no animation, or the worker cannot be started.
    """
    edit.check(context)
    obj = scene_settings.character(context)
    with temporary.kept_folder() as folder:
        known, notes = check_scene.check(context, obj, Path(folder.name)), ()
        edited, request = None, None
        try:
            edited = _read_face(context, obj, Path(folder.name))
            request = types.DiagnosisRequest(
                dataclasses.replace(edited.request, constraints=None),
                edited.motion.select(channels.FACE),
                word_closures.closures_of(context, obj, edited.first_frame, edited.motion.rate),
            )
        except errors.DifaceError as reason:
            notes = (str(reason),)
        task = DoneTask() if request is None else worker_client.submit(request)
        job = DiagnosisJob(task, obj, edited, known, notes, folder)
    running_job.set_current(job)
    return job


def _read_face(context: bpy.types.Context, obj: bpy.types.Object, folder: Path) -> edit_plan.EditContext:
    """Read the active face. Raises DifaceError if it cannot be compared with its sound."""
    part = "face" if edit_parts.separate_parts(obj) else edit_parts.WHOLE
    if edit_threediface.is_threediface(obj, part):
        raise errors.SceneError(NO_ARKIT_FACE, "Its strip, frame rate and tracks were checked.")
    edited = edit_shape_keys.read_edit_context(context, obj, folder, part)
    if edited.request.role != types.SPEAK:
        raise errors.SceneError(NO_SPEECH, "Its strip, frame rate and tracks were checked.")
    if not set(channels.FACE) <= set(edited.motion.channels):
        raise errors.SceneError("The take has no face.", "Its strip, frame rate and tracks were checked.")
    return edited
