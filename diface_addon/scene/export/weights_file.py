"""The ARKit weights and the head's rotation of a character as a file of Live Link Face."""

from __future__ import annotations

from pathlib import Path

import bpy

from ...core import channels, motion_files
from ..animation import evaluate_curves
from ..files import atomic_write


def write_weights(obj: bpy.types.Object, files: dict[Path, tuple[int, int]]) -> None:
    """Write one row a frame for each range. If one file cannot be written, none is.

    Args:
        obj: The main mesh.
        files: First and last frame of each file.

    Raises:
        SceneError: A file cannot be written.
    """
    with atomic_write.replacing_each(files) as drafts:
        for path, (first, last) in files.items():
            motion = evaluate_curves.sample_motion(obj, first, last - first + 1, channels.ALL)
            with drafts[path].open("wb") as file:
                motion_files.writer_for(path)(file, motion)
