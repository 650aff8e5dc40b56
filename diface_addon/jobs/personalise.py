"""Learning a personal style from the character's takes: begun, waited for, and packed into the .blend."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import bpy

from ..core import errors, types
from ..scene.animation import character_checks
from ..scene.files import temporary
from ..scene.styles import packed_styles, styles
from ..scene.takes import style_examples
from ..settings import preferences, scene_settings
from ..worker import process
from . import running_job, worker_client


@dataclass(frozen=True)
class AdaptedStyle:
    """A style just learnt: its name, and what it came to."""

    name: str
    notes: tuple[str, ...]


class StyleAdaptationJob:
    """A style on its way: what `generation.Generation` is for a take. Holds no bpy object."""

    def __init__(
        self, task: process.WorkerTask, scene_name: str, take_count: int, folder: tempfile.TemporaryDirectory
    ) -> None:
        self.task = task
        self._scene_name = scene_name
        self._take_count = take_count
        self._folder = folder

    def restart_if_stale(self, _context: bpy.types.Context) -> None:
        """Never restart: the takes were read when the job began."""

    def write_result(self) -> AdaptedStyle:
        """Pack the finished style, write its file, and choose it. Raises DifaceError, with the scene as it was."""
        learnt: types.AdaptationResult = self.task.wait()
        scene = bpy.data.scenes.get(self._scene_name)
        if scene is None:
            raise errors.SceneError("The scene was deleted while DiFACE learnt.", "Undo that, and personalise again.")
        name = packed_styles.unique_name(self.task.request.name, list(styles.trained()))
        with temporary.raising_scene_errors():
            data = learnt.path.read_bytes()
        packed_styles.pack(scene, name, data)
        scene.diface.style = name
        return AdaptedStyle(name, (self._result_note(learnt), *_write_style_file(name)))

    def _result_note(self, result: types.AdaptationResult) -> str:
        of = f"{result.seconds:.0f} s of {self._take_count} take{'s' if self._take_count > 1 else ''}"
        if result.error_after >= result.error_before:
            return f"Of {of} nothing better could be learnt than the nearest style that there was: this is it."
        end = "their ends" if self._take_count > 1 else "the end"
        return f"Learnt from {of}; on {end}, which it did not see, its error is {_error_reduction(result)}."

    def end(self) -> None:
        """Stop what still runs and let go of everything. Again is no error."""
        self.task.cancel()
        self._folder.cleanup()
        running_job.clear(self)


def _error_reduction(result: types.AdaptationResult) -> str:
    """Of the root mean square, as people think of errors."""
    return f"{1 - (result.error_after / result.error_before) ** 0.5:.0%} smaller"


def _write_style_file(name: str) -> list[str]:
    """The style's file, written; what is in the .blend is enough, so that a full disk costs only this."""
    try:
        packed_styles.unpack(name, preferences.styles_folder())
    except errors.DifaceError as error:
        return [f"It is in the .blend, but: {error}"]
    return []


def check_can_personalise(context: bpy.types.Context) -> None:
    """Quickly, for a button: raises DifaceError where there is nothing to learn from."""
    running_job.check_idle()
    obj = scene_settings.character(context)
    character_checks.check(obj, ("face",))
    style_examples.chosen_takes(obj)


def begin(context: bpy.types.Context, name: str) -> StyleAdaptationJob:
    """Send the character's takes to the worker, to learn a style called `name`, or as the character is. Raises
    DifaceError; nothing in the scene is changed."""
    check_can_personalise(context)
    obj = scene_settings.character(context)
    with temporary.kept_folder() as folder:
        takes = style_examples.collect_examples(context, obj, context.scene.diface.filepath, Path(folder.name))
        wanted = packed_styles.unique_name(name or obj.name, list(styles.trained()))
        file = Path(folder.name) / f"learnt{packed_styles.SUFFIX}"
        job = worker_client.submit(types.AdaptationRequest(wanted, file, takes))
        running = StyleAdaptationJob(job, context.scene.name, len(takes), folder)
    running_job.set_current(running)
    return running
