"""Personal styles in the .blend: their files are packed with a scene, and unpacked where they are missing."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import bpy

from ...core import errors
from ..files import atomic_write

STYLES = "diface_styles"
"""Custom property of a scene: for each style the version, name, hash and bytes of its file."""

VERSION = 1
SUFFIX = ".safetensors"
HINT = "Load it from its file with Load Style, or personalise again."


def names() -> list[str]:
    """Return the names of all styles in this .blend, of any scene."""
    return sorted({entry["name"] for entry in _entries()})


def find_name(data: bytes) -> str | None:
    """Return the name of the style whose file has these bytes; None if this .blend does not contain it."""
    digest = hashlib.sha256(data).hexdigest()
    return next((entry["name"] for entry in _entries() if entry["sha256"] == digest), None)


def pack(scene: bpy.types.Scene, name: str, data: bytes) -> None:
    """Store the bytes of a style file with `scene`, under a name that `names` does not contain."""
    digest = hashlib.sha256(data).hexdigest()
    if STYLES not in scene:
        scene[STYLES] = {}
    scene[STYLES][digest[:32]] = {"version": VERSION, "name": name, "sha256": digest, "file": data}


def style_bytes(name: str) -> bytes | None:
    """Return the bytes of a style's file; None if this .blend does not contain it. Raises ModelError."""
    entry = next((entry for entry in _entries() if entry["name"] == name), None)
    return None if entry is None else _verified_bytes(entry)


def unpack(name: str, folder: Path) -> Path | None:
    """Write the file of a style to `folder` if it is missing there. No other file is changed.

    Returns:
        The file; None if this .blend does not contain the style.

    Raises:
        ModelError: The packed style is damaged, or the file is another one.
        SceneError: The file cannot be written.
    """
    data = style_bytes(name)
    return None if data is None else _write_file(data, name, folder)


def unpack_by_path(path: str, folder: Path) -> Path | None:
    """Unpack the style whose file had this path on another computer. Returns None if it is not in this .blend."""
    file_name = path.replace("\\", "/").rpartition("/")[2]
    for entry in _entries():
        if file_name.endswith(f"-{entry['sha256'][:12]}{SUFFIX}"):
            return _write_file(_verified_bytes(entry), entry["name"], folder)
    return None


def unique_name(base_name: str, taken: list[str]) -> str:
    """Return `base_name`, with a number if this .blend or `taken` contains it, and without the suffix of a file."""
    base_name = base_name.strip().removesuffix(SUFFIX) or "Style"
    used = {*names(), *taken}
    candidates = (base_name if number == 1 else f"{base_name} {number}" for number in range(1, len(used) + 2))
    return next(name for name in candidates if name not in used)


def _entries() -> list[Any]:
    return [entry for scene in bpy.data.scenes for entry in scene.get(STYLES, {}).values()]


def _verified_bytes(entry: Any) -> bytes:
    if entry["version"] > VERSION:
        message = f'The style "{entry["name"]}" was packed by a newer DiFACE.'
        raise errors.ModelError(message, "Install that version, or choose another style.")
    data = bytes(entry["file"])
    if hashlib.sha256(data).hexdigest() != entry["sha256"]:
        raise errors.ModelError(f'The style "{entry["name"]}" is damaged in this .blend.', HINT)
    return data


def _write_file(data: bytes, name: str, folder: Path) -> Path:
    """Write the file named after the style and its hash, or check the one that exists."""
    stem = f"{bpy.path.clean_name(name)}-{hashlib.sha256(data).hexdigest()[:12]}"
    path = folder / f"{stem}{SUFFIX}"
    if not path.is_file():
        with atomic_write.replacing(path) as draft:
            draft.write_bytes(data)
    elif path.read_bytes() != data:
        hint = "Move that file away: the style is written again when it is used."
        raise errors.ModelError(f'The file {path} is not the style "{name}" any more.', hint)
    return path
