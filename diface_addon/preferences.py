"""What holds for every file: which Python runs the worker, and where caches go."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import bpy

from .scene import temporary

EXTENSION = __package__.rpartition(".")[0] or __package__
"""The name Blender enabled us under: the extension's package, or this package in a checkout."""


class DifacePreferences(bpy.types.AddonPreferences):
    bl_idname = EXTENSION

    python: bpy.props.StringProperty(
        name="Worker Python",
        description="Python with torch that makes the motion, such as one with a GPU build. Empty: Blender's own, "
        "or the one that the environment variable DIFACE_PYTHON names",
        subtype="FILE_PATH",
    )

    def draw(self, context: bpy.types.Context) -> None:
        self.layout.prop(self, "python")
        row = self.layout.row()
        row.operator("diface.check_worker", icon="CHECKMARK")
        row.label(text=context.window_manager.diface.worker)


CACHE = "diface-cache"


def _stored() -> DifacePreferences | None:
    addon = bpy.context.preferences.addons.get(EXTENSION)
    return addon.preferences if addon else None


def worker_python() -> Path | None:
    """The interpreter for the worker: the preference, else DIFACE_PYTHON, else None for Blender's own."""
    stored = _stored()
    chosen = (stored.python if stored else "") or os.environ.get("DIFACE_PYTHON", "")
    return Path(bpy.path.abspath(chosen)) if chosen else None


def wheel_folders() -> list[Path]:
    """Where Blender has unpacked the wheels of its extensions, for the worker on Blender's own Python."""
    extensions = Path(bpy.utils.user_resource("EXTENSIONS"))
    return [Path(entry) for entry in sys.path if entry and extensions in Path(entry).parents]


def cache_folder() -> Path:
    """A folder for what can be made again: the extension's own, or a temporary one outside of an extension.

    Raises SceneError where it cannot be made.
    """
    with temporary.writing():
        if EXTENSION.startswith("bl_ext."):
            return Path(bpy.utils.extension_path_user(EXTENSION, path="cache", create=True))
        folder = Path(tempfile.gettempdir()) / CACHE
        folder.mkdir(exist_ok=True)
        return folder


register, unregister = bpy.utils.register_classes_factory((DifacePreferences,))
