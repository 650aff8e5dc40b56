"""Base class of operators that write a file."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy_extras.io_utils import ExportHelper

from ...core import errors
from .operator_base import OperatorBase


class WriteFileOperator(OperatorBase, ExportHelper):
    """Mix-in for operators that write a file with the suffix `filename_ext`."""

    def output_path(self) -> Path:
        """Return the path of the file. Raises SceneError if no file name is chosen."""
        if not self.filepath or self.filepath[-1] in "/\\":
            raise errors.SceneError("The file has no name.", "Type one in the file browser.")
        return Path(bpy.path.abspath(bpy.path.ensure_ext(self.filepath, self.filename_ext)))
