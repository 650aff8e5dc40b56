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
        row.label(text=context.window_manager.diface.worker)
        self.layout.label(text="Models of your own, which DiFACE does not bring along:")
        column = self.layout.column()
        for name, about in OWN.items():
            column.prop(self, name)
            found = about(_path(getattr(self, name)))
            column.label(text=found.line, icon="CHECKMARK" if found.good else "INFO")


OWN = {
    "checkpoints": threediface_files.about_checkpoints,
    "flame": threediface_files.about_flame,
    "templates": threediface_files.about_templates,
    "wav2vec2": threediface_files.about_wav2vec2,
}
"""The preferences that name the user's own files, and what tells whether they are there."""


CACHE, STYLES = "diface-cache", "diface-styles"


def _stored() -> DifacePreferences | None:
    addon = bpy.context.preferences.addons.get(EXTENSION)
    return addon.preferences if addon else None


def worker_python() -> Path | None:
    """The interpreter for the worker: the preference, else DIFACE_PYTHON, else None for Blender's own."""
    stored = _stored()
    return _path((stored.python if stored else "") or os.environ.get("DIFACE_PYTHON", ""))


def checkpoints_folder() -> Path | None:
    """The folder of the user's 3DiFACE checkpoints, as it was named."""
    return _own("checkpoints")


def flame_file() -> Path | None:
    """The user's FLAME file, as it was named."""
    return _own("flame")


def templates_file() -> Path | None:
    """VOCASET's templates.pkl, as it was named or in the folder that was."""
    return threediface_files.templates_file(_own("templates"))


def wav2vec2_folder() -> Path | None:
    """The folder of the user's wav2vec2, as it was named."""
    return _own("wav2vec2")


def _own(name: str) -> Path | None:
    stored = _stored()
    return _path(getattr(stored, name)) if stored else None


def _path(chosen: str) -> Path | None:
    return Path(bpy.path.abspath(chosen)) if chosen else None


def wheel_folders() -> list[Path]:
    """Where Blender has unpacked the wheels of its extensions, for the worker on Blender's own Python."""
    extensions = Path(bpy.utils.user_resource("EXTENSIONS"))
    return [Path(entry) for entry in sys.path if entry and extensions in Path(entry).parents]


def cache_folder() -> Path:
    """A folder for what can be made again: the extension's own, or a temporary one outside of an extension.

    Raises SceneError where it cannot be made.
    """
    return _folder("cache", CACHE)


def styles_folder() -> Path:
    """A folder for the files of personal styles, which the .blend packs too. Raises SceneError as above."""
    return _folder("styles", STYLES)


def _folder(name: str, outside: str) -> Path:
    with temporary.writing():
        if EXTENSION.startswith("bl_ext."):
            return Path(bpy.utils.extension_path_user(EXTENSION, path=name, create=True))
        folder = Path(tempfile.gettempdir()) / outside
        folder.mkdir(exist_ok=True)
        return folder


register, unregister = bpy.utils.register_classes_factory((DifacePreferences,))
