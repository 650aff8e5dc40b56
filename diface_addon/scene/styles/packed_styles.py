"""Personal styles that travel with the .blend: their files, packed with a scene and unpacked where they are missing."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import bpy

from ...core import errors
from ..files import atomic_write

STYLES = "diface_styles"
"""Custom property of a scene: an entry a style, of version, name, hash and bytes of its file."""

VERSION = 1
SUFFIX = ".safetensors"
HINT = "Load Style brings it back from its file; or personalise again."


def names() -> list[str]:
    """Of all styles in this .blend, whichever scene they came with."""
    return sorted({entry["name"] for entry in _entries()})


def pack(scene: bpy.types.Scene, name: str, data: bytes) -> None:
    """Keep a style file's bytes with `scene`, under a name that `names` has not."""
    digest = hashlib.sha256(data).hexdigest()
    if STYLES not in scene:
        scene[STYLES] = {}
    scene[STYLES][digest[:32]] = {"version": VERSION, "name": name, "sha256": digest, "file": data}


def style_bytes(name: str) -> bytes | None:
    """The bytes of a style's file; None where there is no such style in this .blend. Raises ModelError."""
    entry = next((entry for entry in _entries() if entry["name"] == name), None)
    return None if entry is None else _verified_bytes(entry)


def unpack(name: str, folder: Path) -> Path | None:
    """The file of a style in `folder`, written where it is missing; None where there is no such style in this .blend.

    No other file is touched. Raises ModelError for a style that is damaged, and SceneError where it cannot be written.
    """
    data = style_bytes(name)
    return None if data is None else _write_file(data, name, folder)


def unpack_by_path(path: str, folder: Path) -> Path | None:
    """The file that `unpacked` gave elsewhere, as a take remembers it: unpacked here, if this .blend has it."""
    wanted = path.replace("\\", "/").rpartition("/")[2]
    for entry in _entries():
        if wanted.endswith(f"-{entry['sha256'][:12]}{SUFFIX}"):
            return _write_file(_verified_bytes(entry), entry["name"], folder)
    return None


def unique_name(base_name: str, taken: list[str]) -> str:
    """`wanted`, with a number behind it where it is taken, here or by `taken`; never that of a file."""
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
    """The file named after the style and its hash: one that is there is it, unless someone changed it."""
    stem = f"{bpy.path.clean_name(name)}-{hashlib.sha256(data).hexdigest()[:12]}"
    path = folder / f"{stem}{SUFFIX}"
    if not path.is_file():
        with atomic_write.replacing(path) as draft:
            draft.write_bytes(data)
    elif path.read_bytes() != data:
        hint = "Move that file away: the style is written again when it is used."
        raise errors.ModelError(f'The file {path} is not the style "{name}" any more.', hint)
    return path
