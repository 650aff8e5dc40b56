"""Base classes of operators that write a file."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy_extras.io_utils import ExportHelper

from ...core import errors
from ...scene.animation import character_checks
from ...scene.keys import frame_range
from ...settings import scene_settings
from .operator_base import OperatorBase


class WriteFileOperator(OperatorBase, ExportHelper):
    """Mix-in for operators that write a file with the suffix `filename_ext`."""

    def output_path(self) -> Path:
        """Return the path of the file. Raises SceneError if no file name is chosen."""
        if not self.filepath or self.filepath[-1] in "/\\":
            raise errors.SceneError("The file has no name.", "Type one in the file browser.")
        return Path(bpy.path.abspath(bpy.path.ensure_ext(self.filepath, self.filename_ext)))


class ExportOperator(WriteFileOperator):
    """Mix-in for a file format, with the functions `check_format` and `write` of scene/export/export.py."""

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        cls.check_format()
        character_checks.check(scene_settings.character(context), ())

    def run(self, context: bpy.types.Context) -> str:
        path, frames = self.output_path(), frame_range.export_range(context.scene)
        self.write(scene_settings.character(context), context.scene, frames, path)
        return f"Frames {frames[0]} to {frames[1]} are in {path}."
