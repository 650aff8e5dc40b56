"""Personalise: adapt a style to the character's takes, and pack it into the .blend."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import bpy

from ..core import errors, types
from ..scene.animation import character_checks
from ..scene.files import temporary
from ..scene.keys.wording import count_noun
from ..scene.styles import packed_styles, styles
from ..scene.takes import style_examples
from ..settings import performance, preferences, scene_settings
from ..worker import process
from . import running_job, worker_client


@dataclass(frozen=True)
class AdaptedStyle:
    """A new style: its name, and notes for the user."""

    name: str
    notes: tuple[str, ...]


class StyleAdaptationJob(running_job.WorkerJob):
    """A style adaptation that the worker is processing."""

    def __init__(
        self,
        task: process.WorkerTask,
        scene_uid: int,
        character_uid: int,
        take_count: int,
        folder: tempfile.TemporaryDirectory[str],
    ) -> None:
        super().__init__(task, folder)
        self._scene_uid, self._character_uid = scene_uid, character_uid
        self._take_count = take_count

    def write_result(self) -> AdaptedStyle:
        """Pack the finished style, write its file, and choose it. Raises DifaceError, with the scene unchanged."""
        result = self.task.wait_for(types.AdaptationResult)
        scene = next((scene for scene in bpy.data.scenes if scene.session_uid == self._scene_uid), None)
        if scene is None:
            raise errors.SceneError("The scene was deleted during Personalise.", "Undo that, and personalise again.")
        name = packed_styles.unique_name(self.task.request_of(types.AdaptationRequest).name, list(styles.trained()))
        with temporary.raising_scene_errors():
            data = result.path.read_bytes()
        packed_styles.pack(scene, name, data)
        performance.give_own(character_checks.find_by_uid(self._character_uid), scene).style = name
        return AdaptedStyle(name, (self._result_note(result), *_write_style_file(name)))

    def _result_note(self, result: types.AdaptationResult) -> str:
        several = self._take_count > 1
        examples = f"{result.seconds:.0f} s from {count_noun(self._take_count, 'take')}"
        if result.error_after >= result.error_before:
            return f"{examples} did not improve on the closest existing style, so that style was saved."
        held_out = "their ends, which were" if several else "the end, which was"
        return f"Adapted to {examples}; on {held_out} held out, the error is {_error_reduction(result)}."


def _error_reduction(result: types.AdaptationResult) -> str:
    """Return the reduction of the root mean square error, in words."""
    return f"{1 - (result.error_after / result.error_before) ** 0.5:.0%} smaller"


def _write_style_file(name: str) -> list[str]:
    """Write the style's file. Returns notes: a failure is not fatal, because the .blend holds the style."""
    try:
        packed_styles.unpack(name, preferences.styles_folder())
    except errors.DifaceError as error:
        return [f"It is in the .blend, but: {error}"]
    return []


def check_can_personalise(context: bpy.types.Context) -> None:
    """Raise DifaceError if there is no take to learn from. Fast enough for a button's poll."""
    running_job.check_idle()
    obj = scene_settings.character(context)
    character_checks.check(obj, ("face",))
    style_examples.chosen_takes(obj)


def begin(context: bpy.types.Context, name: str) -> StyleAdaptationJob:
    """Send the character's takes to the worker as style examples. Nothing in the scene is changed.

    Args:
        context: Names the scene and the character.
        name: Name of the new style; empty for the character's name.

    Raises:
        DifaceError: There is no usable take, or the worker cannot be started.
    """
    check_can_personalise(context)
    obj = scene_settings.character(context)
    with temporary.kept_folder() as folder:
        takes = style_examples.collect_examples(context, obj, performance.active(context).filepath, Path(folder.name))
        style_name = packed_styles.unique_name(name or obj.name, list(styles.trained()))
        file = Path(folder.name) / f"style{packed_styles.SUFFIX}"
        task = worker_client.submit(types.AdaptationRequest(style_name, file, takes))
        job = StyleAdaptationJob(task, context.scene.session_uid, obj.session_uid, len(takes), folder)
    running_job.set_current(job)
    return job
