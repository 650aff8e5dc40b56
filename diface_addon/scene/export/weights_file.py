"""The ARKit weights and the head's rotation of a character as a file of Live Link Face."""

from __future__ import annotations

from pathlib import Path

import bpy

from ...core import channels, motion_files, resample, types
from ..animation import evaluate_curves
from ..files import atomic_write
from ..keys import frame_rate
from .plain import sampling


def write_weights(
    obj: bpy.types.Object, scene: bpy.types.Scene, files: dict[Path, tuple[int, int]], rate: float = 0.0
) -> None:
    """Write the rows of each range. If one file cannot be written, none is.

    Args:
        obj: The main mesh.
        scene: Names the frame rate.
        files: First and last frame of each file.
        rate: Rows per second; 0: one a frame.

    Raises:
        SceneError: A file cannot be written.
    """
    with atomic_write.replacing_each(files) as drafts:
        for path, (first, last) in files.items():
            motion = evaluate_curves.sample_motion(obj, first, last - first + 1, channels.ALL)
            if rate:
                rows = len(sampling.sample_times((first, last), frame_rate.scene_rate(scene).value, rate))
                motion = resample.resample_motion(motion, types.FrameRate(rate), rows)
            with drafts[path].open("wb") as file:
                motion_files.writer_for(path)(file, motion)
