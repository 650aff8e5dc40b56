"""What the user has that no model folder holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class UserFiles:
    """VOCASET's templates.pkl or its folder; a FLAME model; the folder of wav2vec2-base-960h; a Blender."""

    vocaset: Path | None = None
    flame: Path | None = None
    wav2vec2: Path | None = None
    blender: Path | None = None
