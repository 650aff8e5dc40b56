"""A temporary copy of a scene."""

from __future__ import annotations

import contextlib
from collections.abc import Generator

import bpy


@contextlib.contextmanager
def scene_copy(scene: bpy.types.Scene) -> Generator[bpy.types.Scene]:
    """Yield a copy of `scene` with the same objects, and remove it afterwards."""
    copy = scene.copy()
    try:
        yield copy
    finally:
        with contextlib.suppress(ReferenceError):  # another file was opened, and the copy is gone
            bpy.data.scenes.remove(copy)
