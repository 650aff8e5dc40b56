"""The pairs of a comparison: files of the same name in two folders, and their sound."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..console import BuildError

VIDEO_TYPES = {".mp4": "video/mp4", ".webm": "video/webm"}
"""Suffixes of the videos that browsers play -> their type."""
MOTION = ".npz"
SOUNDS = (".wav", ".flac", ".ogg", ".mp3")


@dataclass(frozen=True)
class Pair:
    """One clip of both sets."""

    name: str
    a: Path
    b: Path


def find_pairs(a: Path, b: Path) -> list[Pair]:
    """Return the pairs of two folders, in the order of their names.

    A folder holds videos, or motions where it has no video.

    Raises:
        BuildError: A folder is missing or holds neither, or no name is in both.
    """
    mine, theirs = _clips(a), _clips(b)
    names = sorted(set(mine) & set(theirs))
    if not names:
        some = ", ".join(sorted(mine)[:3]), ", ".join(sorted(theirs)[:3])
        raise BuildError(f"No clip has the same name in {a} ({some[0]}, ...) and {b} ({some[1]}, ...). Rename them.")
    return [Pair(name, mine[name], theirs[name]) for name in names]


def unpaired(a: Path, b: Path) -> list[str]:
    """Return the names of the clips that are in one of two folders only."""
    return sorted(set(_clips(a)) ^ set(_clips(b)))


def find_sound(motion: Path, folder: Path | None) -> Path:
    """Return the sound of a motion: of the same name, in `folder` or beside it.

    Raises:
        BuildError: No such file exists.
    """
    folder = folder or motion.parent
    for suffix in SOUNDS:
        if (sound := folder / f"{motion.stem}{suffix}").is_file():
            return sound
    raise BuildError(
        f"{motion.name} has no sound: expected {motion.stem}{SOUNDS[0]} (or {', '.join(SOUNDS[1:])}) in {folder}. "
        "Put it there, or name its folder with --sounds."
    )


def _clips(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise BuildError(f"The folder {folder} does not exist. Name two folders with videos (.mp4, .webm) or motions.")
    files = sorted(file for file in folder.iterdir() if file.is_file() and file.stat().st_size)
    videos = {file.stem: file for file in files if file.suffix.lower() in VIDEO_TYPES}
    found = videos or {file.stem: file for file in files if file.suffix.lower() == MOTION}
    if not found:
        raise BuildError(f"{folder} holds no video (.mp4, .webm) and no motion ({MOTION}) that is not empty.")
    return found
