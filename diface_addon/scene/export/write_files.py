"""Write a character to files: whole, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy

from ..files import atomic_write
from .export_scene import Clip, PlainSettings, export_scene
from .formats import Format, check_complete


@dataclass(frozen=True)
class FileSettings:
    """What is written.

    Attributes:
        plain: How the character is made plain.
        deform_only: Only bones that deform, and those above them.
    """

    plain: PlainSettings
    deform_only: bool = False


def write_files(
    objects: Sequence[bpy.types.Object],
    scene: bpy.types.Scene,
    files: dict[Path, Clip],
    kind: Format,
    settings: FileSettings,
) -> None:
    """Write a character once for each clip. If one file cannot be written, none is.

    Args:
        objects: The exported objects, the main mesh first.
        scene: The scene, which stays as it is.
        files: The clip of each file.
        kind: The file format.
        settings: What is written.

    Raises:
        SceneError: The character cannot be exported, or a file cannot be written.
    """
    kind.check()
    with atomic_write.replacing_each(files) as drafts:
        for path, clip in files.items():
            with export_scene(objects, scene, clip, settings.plain):
                kind.write(drafts[path], settings.deform_only)
                check_complete(drafts[path], kind.is_whole)
