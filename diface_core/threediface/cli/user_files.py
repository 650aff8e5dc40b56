"""The user's files outside the model folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class UserFiles:
    """Paths of the user's files.

    Attributes:
        vocaset: VOCASET's templates.pkl or its folder.
        flame: A FLAME model.
        wav2vec2: Folder of wav2vec2-base-960h.
        blender: Blender, or a Python with its bpy module.
    """

    vocaset: Path | None = None
    flame: Path | None = None
    wav2vec2: Path | None = None
    blender: Path | None = None
