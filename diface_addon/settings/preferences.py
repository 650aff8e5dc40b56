"""What holds for every file: which Python runs the worker, where the user's own models lie, and where caches go."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import bpy

from ..scene.files import temporary
from ..version import EXTENSION
from . import threediface_files


class DifacePreferences(bpy.types.AddonPreferences):
    bl_idname = EXTENSION

    python: bpy.props.StringProperty(
        name="Worker Python",
        description="Python with torch that makes the motion, such as one with a GPU build. Empty: Blender's own, "
        "or the one that the environment variable DIFACE_PYTHON names",
        subtype="FILE_PATH",
    )

    checkpoints: bpy.props.StringProperty(
        name="3DiFACE Checkpoints",
        description="The folder that holds the published 3DiFACE models, a folder each",
        subtype="DIR_PATH",
    )
    flame: bpy.props.StringProperty(
        name="FLAME",
        description="A FLAME head model, as its makers give it out: a .pkl or .npz file",
        subtype="FILE_PATH",
    )
    templates: bpy.props.StringProperty(
        name="VOCASET Templates",
        description="VOCASET's templates.pkl: heads of FLAME's topology, one for each of its speakers",
        subtype="FILE_PATH",
    )
    wav2vec2: bpy.props.StringProperty(
        name="wav2vec2",
        description="The folder of wav2vec2-base-960h as the library transformers saves it: 3DiFACE hears with it",
        subtype="DIR_PATH",
    )

    def draw(self, context: bpy.types.Context) -> None:
        self.layout.prop(self, "python")
        row = self.layout.row()
        row.operator("diface.check_worker", icon="CHECKMARK")
        row.label(text=context.window_manager.diface.worker_versions)
        self.layout.label(text="Models of your own, which DiFACE does not bring along:")
        column = self.layout.column()
        for name, about in USER_MODELS.items():
            column.prop(self, name)
            found = about(_absolute_path(getattr(self, name)))
            column.label(text=found.message, icon="CHECKMARK" if found.is_valid else "INFO")


USER_MODELS = {
    "checkpoints": threediface_files.checkpoints_status,
    "flame": threediface_files.flame_status,
    "templates": threediface_files.templates_status,
    "wav2vec2": threediface_files.wav2vec2_status,
}
"""The preferences that name the user's own files, and what tells whether they are there."""


CACHE_FOLDER_NAME, STYLES_FOLDER_NAME = "diface-cache", "diface-styles"


def _addon_preferences() -> DifacePreferences | None:
    addon = bpy.context.preferences.addons.get(EXTENSION)
    return addon.preferences if addon else None


def worker_python() -> Path | None:
    """The interpreter for the worker: the preference, else DIFACE_PYTHON, else None for Blender's own."""
    stored = _addon_preferences()
    return _absolute_path((stored.python if stored else "") or os.environ.get("DIFACE_PYTHON", ""))


def checkpoints_folder() -> Path | None:
    """The folder of the user's 3DiFACE checkpoints, as it was named."""
    return _preference_path("checkpoints")


def flame_file() -> Path | None:
    """The user's FLAME file, as it was named."""
    return _preference_path("flame")


def templates_file() -> Path | None:
    """VOCASET's templates.pkl, as it was named or in the folder that was."""
    return threediface_files.resolve_templates_file(_preference_path("templates"))


def wav2vec2_folder() -> Path | None:
    """The folder of the user's wav2vec2, as it was named."""
    return _preference_path("wav2vec2")


def _preference_path(name: str) -> Path | None:
    stored = _addon_preferences()
    return _absolute_path(getattr(stored, name)) if stored else None


def _absolute_path(text: str) -> Path | None:
    return Path(bpy.path.abspath(text)) if text else None


def wheel_folders() -> list[Path]:
    """Where Blender has unpacked the wheels of its extensions, for the worker on Blender's own Python."""
    extensions = Path(bpy.utils.user_resource("EXTENSIONS"))
    return [Path(entry) for entry in sys.path if entry and extensions in Path(entry).parents]


def cache_folder() -> Path:
    """A folder for what can be made again: the extension's own, or a temporary one outside of an extension.

    Raises SceneError where it cannot be made.
    """
    return _user_folder("cache", CACHE_FOLDER_NAME)


def styles_folder() -> Path:
    """A folder for the files of personal styles, which the .blend packs too. Raises SceneError as above."""
    return _user_folder("styles", STYLES_FOLDER_NAME)


def _user_folder(name: str, fallback_name: str) -> Path:
    with temporary.raising_scene_errors():
        if EXTENSION.startswith("bl_ext."):
            return Path(bpy.utils.extension_path_user(EXTENSION, path=name, create=True))
        folder = Path(tempfile.gettempdir()) / fallback_name
        folder.mkdir(exist_ok=True)
        return folder


register, unregister = bpy.utils.register_classes_factory((DifacePreferences,))
