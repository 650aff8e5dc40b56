"""The preferences: which Python runs the worker, where the user's 3DiFACE models are, and where caches go."""

from __future__ import annotations

import os
import sys
import textwrap
from functools import lru_cache
from pathlib import Path

import bpy

from ..core import errors
from ..scene.files import user_cache
from ..version import EXTENSION
from . import threediface_files

WORKER_TIMEOUT = 120.0
"""Default of the preference Worker Timeout, in seconds."""
REPORT_LETTERS = 100
"""Letters in a line of the worker's report."""
CACHE_HINT = "Check the permissions of that folder and the space on the disk, or set XDG_CACHE_HOME to another folder."


class DifacePreferences(bpy.types.AddonPreferences):
    """The preferences of the add-on."""

    bl_idname = EXTENSION

    python: bpy.props.StringProperty(
        name="Worker Python",
        description="Python that runs the models, such as one with torch for 3DiFACE models, or with a GPU build of "
        "onnxruntime. Empty: the one that the environment variable DIFACE_PYTHON names, or Blender's Python",
        subtype="FILE_PATH",
    )
    worker_timeout: bpy.props.FloatProperty(
        name="Worker Timeout",
        description="Time without a message from the worker after which it is ended. Loading the models for the first "
        "time may take up to five minutes, whatever this is",
        default=WORKER_TIMEOUT,
        min=10.0,
        soft_max=600.0,
        step=1000,
        precision=0,
        unit="TIME_ABSOLUTE",
    )
    prefetch: bpy.props.BoolProperty(
        name="Start Worker Early",
        description="Start the worker and load its models as soon as a character or a sound is chosen, so that the "
        "first Generate takes less time",
        default=True,
    )

    checkpoints: bpy.props.StringProperty(
        name="3DiFACE Checkpoints",
        description="Folder with the published 3DiFACE models, each in a folder",
        subtype="DIR_PATH",
    )
    flame: bpy.props.StringProperty(
        name="FLAME",
        description="FLAME head model as it is published: a .pkl or .npz file",
        subtype="FILE_PATH",
    )
    templates: bpy.props.StringProperty(
        name="VOCASET Templates",
        description="VOCASET's templates.pkl: a head in FLAME's topology for each of its speakers",
        subtype="FILE_PATH",
    )
    wav2vec2: bpy.props.StringProperty(
        name="wav2vec2",
        description="wav2vec2-base-960h in Hugging Face format; the audio encoder of 3DiFACE",
        subtype="DIR_PATH",
    )

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the preferences, with the state of the worker and of the models."""
        self.layout.prop(self, "python")
        self.layout.label(text="Blender resets these preferences when the add-on is disabled", icon="INFO")
        self.layout.prop(self, "worker_timeout")
        self.layout.prop(self, "prefetch")
        _draw_worker(self.layout, context)
        self.layout.label(text="3DiFACE models, which are not part of DiFACE:")
        column = self.layout.column()
        for name, find_status in threediface_files.USER_MODELS.items():
            column.prop(self, name)
            status = find_status(_absolute_path(getattr(self, name)))
            column.label(text=status.message, icon="CHECKMARK" if status.is_valid else "INFO")


def _draw_worker(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw the buttons and the report of the worker, or the progress of what runs."""
    state, row = context.window_manager.diface, layout.row()
    if state.running:
        row.progress(factor=state.fraction, text=state.stage)
        row.operator("diface.cancel", icon="X")
        return
    row.operator("diface.check_worker", icon="CHECKMARK")
    row.operator("diface.create_environment", icon="IMPORT")
    column = layout.column(align=True)
    for paragraph in (state.worker_report or state.message).splitlines():
        for line in textwrap.wrap(paragraph, REPORT_LETTERS):
            column.label(text=line)


def _addon_preferences() -> DifacePreferences | None:
    addon = bpy.context.preferences.addons.get(EXTENSION)
    return addon.preferences if addon else None


def worker_python() -> Path | None:
    """Return the interpreter for the worker: the preference, else DIFACE_PYTHON, else None for Blender's Python."""
    stored = _addon_preferences()
    return _absolute_path((stored.python if stored else "") or os.environ.get("DIFACE_PYTHON", ""))


def worker_timeout() -> float:
    """Return the seconds without a message after which the worker is ended."""
    stored = _addon_preferences()
    return stored.worker_timeout if stored else WORKER_TIMEOUT


def is_prefetch_enabled() -> bool:
    """Return whether the worker starts before the first request."""
    stored = _addon_preferences()
    return stored is None or stored.prefetch


def checkpoints_folder() -> Path | None:
    """Return the folder of the user's 3DiFACE checkpoints. It may not exist."""
    return _preference_path("checkpoints")


def flame_file() -> Path | None:
    """Return the user's FLAME file. It may not exist."""
    return _preference_path("flame")


def templates_file() -> Path | None:
    """Return VOCASET's templates.pkl. It may not exist."""
    return threediface_files.resolve_templates_file(_preference_path("templates"))


def wav2vec2_folder() -> Path | None:
    """Return the folder of the user's wav2vec2. It may not exist."""
    return _preference_path("wav2vec2")


def _preference_path(name: str) -> Path | None:
    stored = _addon_preferences()
    return _absolute_path(getattr(stored, name)) if stored else None


def _absolute_path(text: str) -> Path | None:
    """Return a path as an absolute one: `//` is the .blend's folder, others are relative to the working directory.

    Links are kept: the interpreter of a virtual environment is one.
    """
    return Path(bpy.path.abspath(text)).absolute() if text else None


def wheel_folders() -> list[Path]:
    """Return the folders where Blender unpacked the wheels of its extensions, for a worker on Blender's Python."""
    return list(_folders_within(bpy.utils.user_resource("EXTENSIONS"), tuple(sys.path)))


@lru_cache(maxsize=1)
def _folders_within(folder: str, entries: tuple[str, ...]) -> tuple[Path, ...]:
    return tuple(Path(entry) for entry in entries if entry and Path(folder) in Path(entry).parents)


def cache_folder() -> Path:
    """Return the folder for files that can be recomputed. Raises SceneError if it cannot be created."""
    return _user_folder("cache")


def styles_folder() -> Path:
    """Return the folder for the files of personal styles, which the .blend packs too.

    Raises SceneError if it cannot be created.
    """
    return _user_folder("styles")


def environments_folder() -> Path:
    """Return the folder of the environments of Create Environment. Raises SceneError if it cannot be created."""
    return _user_folder("environments")


def set_worker_python(interpreter: Path) -> None:
    """Make `interpreter` the worker's Python; outside an extension, for this session only."""
    stored = _addon_preferences()
    if stored is None:
        os.environ["DIFACE_PYTHON"] = str(interpreter)
        return
    stored.python = str(interpreter)
    bpy.context.preferences.is_dirty = True


def _user_folder(name: str) -> Path:
    """Return a folder of the extension; outside an extension, a folder in the user's cache folder."""
    try:
        if EXTENSION.startswith("bl_ext."):
            return Path(bpy.utils.extension_path_user(EXTENSION, path=name, create=True))
        return user_cache.private_folder(name)
    except OSError as reason:
        message = f"The folder {reason.filename or name} cannot be used: {reason.strerror or reason}."
        raise errors.SceneError(message, CACHE_HINT) from reason


register, unregister = bpy.utils.register_classes_factory((DifacePreferences,))
