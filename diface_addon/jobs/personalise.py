"""Learning a personal style from the character's takes: begun, waited for, and packed into the .blend."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import bpy

from ..core import errors, types
from ..scene.animation import target
from ..scene.files import temporary
from ..scene.styles import packed_styles, styles
from ..scene.takes import style_examples
from ..settings import preferences, scene_settings
from ..worker import process
from . import current, worker_client


@dataclass(frozen=True)
class Style:
    """A style just learnt: its name, and what it came to."""

    name: str
    notes: tuple[str, ...]


class Learning:
    """A style on its way: what `generation.Generation` is for a take. Holds no bpy object."""

    def __init__(self, job: process.Job, scene: str, takes: int, folder: tempfile.TemporaryDirectory) -> None:
        self.job = job
        self._scene = scene
        self._takes = takes
        self._folder = folder

    def restarted(self, _context: bpy.types.Context) -> None:
        """Never restart: the takes were read when the job began."""

    def write(self) -> Style:
        """Pack the finished style, write its file, and choose it. Raises DifaceError, with the scene as it was."""
        learnt: types.Learnt = self.job.wait()
        scene = bpy.data.scenes.get(self._scene)
        if scene is None:
            raise errors.SceneError("The scene was deleted while DiFACE learnt.", "Undo that, and personalise again.")
        name = packed_styles.free_name(self.job.request.name, list(styles.trained()))
        with temporary.writing():
            data = learnt.path.read_bytes()
        packed_styles.pack(scene, name, data)
        scene.diface.style = name
        return Style(name, (self._gain(learnt), *_filed(name)))

    def _gain(self, learnt: types.Learnt) -> str:
        of = f"{learnt.seconds:.0f} s of {self._takes} take{'s' if self._takes > 1 else ''}"
        if learnt.after >= learnt.before:
            return f"Of {of} nothing better could be learnt than the nearest style that there was: this is it."
        end = "their ends" if self._takes > 1 else "the end"
        return f"Learnt from {of}; on {end}, which it did not see, its error is {_change(learnt)}."

    def end(self) -> None:
        """Stop what still runs and let go of everything. Again is no error."""
        self.job.cancel()
        self._folder.cleanup()
        current.clear(self)


def _change(learnt: types.Learnt) -> str:
    """Of the root mean square, as people think of errors."""
    return f"{1 - (learnt.after / learnt.before) ** 0.5:.0%} smaller"


def _filed(name: str) -> list[str]:
    """The style's file, written; what is in the .blend is enough, so that a full disk costs only this."""
    try:
        packed_styles.unpacked(name, preferences.styles_folder())
    except errors.DifaceError as error:
        return [f"It is in the .blend, but: {error}"]
    return []


def check(context: bpy.types.Context) -> None:
    """Quickly, for a button: raises DifaceError where there is nothing to learn from."""
    current.check_free()
    obj = scene_settings.character(context)
    target.check(obj, ("face",))
    style_examples.chosen(obj)


def begin(context: bpy.types.Context, name: str) -> Learning:
    """Send the character's takes to the worker, to learn a style called `name`, or as the character is. Raises
    DifaceError; nothing in the scene is changed."""
    check(context)
    obj = scene_settings.character(context)
    with temporary.kept_folder() as folder:
        takes = style_examples.performances(context, obj, Path(folder.name))
        wanted = packed_styles.free_name(name or obj.name, list(styles.trained()))
        file = Path(folder.name) / f"learnt{packed_styles.SUFFIX}"
        job = worker_client.submit(types.LearnRequest(wanted, file, takes))
        running = Learning(job, context.scene.name, len(takes), folder)
    current.set_current(running)
    return running
