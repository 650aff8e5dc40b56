"""A scene of Empties for a moment, in which something is evaluated over time without moving the user's frame."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager

import bpy
import numpy as np
import numpy.typing as npt


@contextmanager
def temporary_scene() -> Generator[bpy.types.Scene]:
    """Make a scene that is removed after the block, with its objects."""
    scene = bpy.data.scenes.new(".diface_temporary")
    try:
        yield scene
    finally:
        for obj in list(scene.collection.objects):
            bpy.data.objects.remove(obj)
        bpy.data.scenes.remove(scene)


def at_frames(scene: bpy.types.Scene, frames: npt.NDArray[np.float64]) -> Iterator[tuple[int, bpy.types.Depsgraph]]:
    """Yield each row of `frames` (T,) with the dependency graph of the scene at that frame."""
    for row, frame in enumerate(frames.tolist()):
        whole = int(np.floor(frame))
        scene.frame_set(whole, subframe=frame - whole)
        graph = scene.view_layers[0].depsgraph
        assert graph is not None  # setting the frame made it
        yield row, graph
