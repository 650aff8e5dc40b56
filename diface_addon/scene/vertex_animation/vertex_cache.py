"""Motion vertex by vertex: a PC2 file beside the .blend, played by a Mesh Cache modifier; one of each for every take.

Blender keeps the modifier's path right when the .blend is saved elsewhere. The file can be packed into the .blend, on
the take's Action, and written again from there.
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import bpy
import numpy as np

from ...core import errors
from ..files import atomic_write

PACKED = "diface_cache"
"""Custom property of an Action: the PC2 file of its take, compressed."""

_HEADER = struct.Struct("<12siiffi")
_MAGIC = b"POINTCACHE2\0"
_FILE_SUFFIX = re.compile(r"-([0-9a-f]{8})\.pc2$")
BLOCK = 128
"""Frames that are computed and written at once."""


@dataclass(frozen=True)
class VertexMotion:
    """A motion of vertices: at row r `rest` (V, 3) + weights[r] (K,) x deltas (K, V, 3), in the mesh's coordinates."""

    rest: np.ndarray
    weights: np.ndarray
    deltas: np.ndarray


def check_saved() -> None:
    """Raises SceneError where the .blend has no place yet."""
    if not bpy.data.filepath:
        hint = "Save the .blend first, or set Motion As to Shape Keys."
        raise errors.SceneError("Vertex animation is a file beside the .blend, and that was never saved.", hint)


def write(motion: VertexMotion, name: str, take: str) -> str:
    """A PC2 file of the motion for the take `take`; returns its path as Blender has it ("//..."). Raises SceneError."""
    check_saved()
    blend = Path(bpy.data.filepath)
    folder = blend.with_name(f"{blend.stem}_diface")
    path = folder / f"{bpy.path.clean_name(name)}-{take[:8]}.pc2"
    _make_folder(folder)
    with atomic_write.replacing(path) as draft, draft.open("wb") as file:
        rows, vertices = len(motion.weights), len(motion.rest)
        file.write(_HEADER.pack(_MAGIC, 1, vertices, 0.0, 1.0, rows))
        flat = motion.deltas.reshape(len(motion.deltas), -1)
        for first in range(0, rows, BLOCK):
            some = motion.weights[first : first + BLOCK] @ flat + motion.rest.ravel()
            file.write(some.astype("<f4").tobytes())
    return bpy.path.relpath(str(path))


def read_rows(file: Path, row_numbers: list[int]) -> dict[int, np.ndarray]:
    """Row -> the vertices (V, 3) float32 in a cache's file, for those that are there. Raises SceneError."""
    try:
        return {row: places.copy() for row, places in _map_rows(file, "r", row_numbers).items()}
    except OSError as reason:
        raise _read_error(file, reason) from reason


def write_rows(file: Path, positions: dict[int, np.ndarray]) -> None:
    """Write the vertices (V, 3) of some rows into a cache's file, as far as it lasts. Raises SceneError."""
    try:
        for row, found in _map_rows(file, "r+", list(positions)).items():
            found[:] = positions[row]
    except OSError as reason:
        raise _read_error(file, reason) from reason


def sample_vertices(obj: bpy.types.Object, frame: float) -> np.ndarray:
    """The vertices (V, 3) float32 that the cache which plays has at a frame, between two rows at their mean by time;
    beyond its ends those of the last. Raises SceneError."""
    modifier = next(m for m in _cache_modifiers(obj) if m.show_viewport)
    last = row_count(_modifier_file(modifier)) - 1
    at = min(max(frame - modifier.frame_start, 0.0), float(last))
    below, above = int(at), min(int(at) + 1, last)
    found = read_rows(_modifier_file(modifier), [below, above])
    part = np.float32(at - below)
    return found[below] * (1 - part) + found[above] * part


def row_count(file: Path) -> int:
    """How many rows a cache's file has. Raises SceneError."""
    try:
        return _header(file)[-1]
    except OSError as reason:
        raise _read_error(file, reason) from reason


def visibility(obj: bpy.types.Object) -> dict[str, list[bool]]:
    """Which of the caches play: modifier -> in the viewport, in renders; for `show_again`."""
    return {m.name: [m.show_viewport, m.show_render] for m in _cache_modifiers(obj)}


def restore_visibility(obj: bpy.types.Object, before: dict[str, list[bool]]) -> None:
    """Let the caches play that played when `shown` was asked, as far as they are there."""
    for modifier in _cache_modifiers(obj):
        if modifier.name in before:
            modifier.show_viewport, modifier.show_render = before[modifier.name]


def show(obj: bpy.types.Object, path: str, first_frame: int) -> None:
    """Let `obj` play the cache at `path` from `first_frame` on: its modifier of earlier, or a new first one."""
    modifier = _find_modifier(obj, _take_prefix(path))
    if modifier is None:
        modifier = obj.modifiers.new(f"DiFACE {_take_prefix(path)}", "MESH_CACHE")
        modifier.cache_format, modifier.filepath = "PC2", path
        modifier.frame_start = first_frame
        obj.modifiers.move(len(obj.modifiers) - 1, 0)  # what smooths or subdivides comes after it
    modifier.show_viewport = modifier.show_render = True


def hide(obj: bpy.types.Object) -> None:
    """Let `obj` play no cache of DiFACE's."""
    for modifier in _cache_modifiers(obj):
        modifier.show_viewport = modifier.show_render = False


def remove(obj: bpy.types.Object, take: str) -> None:
    """Take a take's modifier off; its file stays."""
    if modifier := _find_modifier(obj, take[:8]):
        obj.modifiers.remove(modifier)


def active_take(obj: bpy.types.Object) -> str:
    """The first eight letters of the id of the take whose cache `obj` plays; "" where it plays none."""
    return next((_take_prefix(m.filepath) for m in _cache_modifiers(obj) if m.show_viewport), "")


def is_file_missing(obj: bpy.types.Object) -> bool:
    """Whether `obj` plays a cache whose file is gone."""
    return any(m.show_viewport and not _modifier_file(m).is_file() for m in _cache_modifiers(obj))


def find_file(obj: bpy.types.Object, take: str, path: str) -> Path:
    """The cache of a take: where its modifier has it, else at `path`, where it was first written."""
    modifier = _find_modifier(obj, take[:8])
    return _modifier_file(modifier) if modifier else Path(bpy.path.abspath(path))


def pack(action: bpy.types.Action, file: Path) -> None:
    """Keep a take's cache in the .blend, on its Action. Raises SceneError."""
    try:
        packed = zlib.compress(file.read_bytes(), 1)
    except OSError as reason:
        raise _read_error(file, reason) from reason
    if PACKED in action:
        del action[PACKED]  # bytes in the place of others are cut at their first zero
    action[PACKED] = packed


def unpack(action: bpy.types.Action, file: Path) -> None:
    """Write a packed cache to its file again. Raises SceneError."""
    _make_folder(file.parent)
    with atomic_write.replacing(file) as draft:
        draft.write_bytes(zlib.decompress(bytes(action[PACKED])))


def is_packed(action: bpy.types.Action) -> bool:
    """Whether an Action holds its take's cache."""
    return PACKED in action


def _header(file: Path) -> tuple[bytes, int, int, float, float, int]:
    with file.open("rb") as stream:
        return _HEADER.unpack(stream.read(_HEADER.size))


def _map_rows(file: Path, mode: Literal["r", "r+"], row_numbers: list[int]) -> dict[int, np.ndarray]:
    _magic, _version, count, _start, _rate, length = _header(file)
    whole = np.memmap(file, "<f4", mode, _HEADER.size, (length, count, 3))
    return {row: whole[row] for row in row_numbers if 0 <= row < length}


def _read_error(file: Path, reason: OSError) -> errors.SceneError:
    hint = "Find it with File > External Data > Find Missing Files, or generate again with the same seed."
    return errors.SceneError(f"{file} cannot be read: {reason.strerror}.", hint)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as reason:
        raise errors.SceneError(
            f"The folder {folder} cannot be made: {reason.strerror}.", atomic_write.HINT
        ) from reason


def _cache_modifiers(obj: bpy.types.Object) -> list[bpy.types.MeshCacheModifier]:
    return [m for m in obj.modifiers if m.type == "MESH_CACHE" and _take_prefix(m.filepath)]


def _find_modifier(obj: bpy.types.Object, take: str) -> bpy.types.MeshCacheModifier | None:
    return next((m for m in _cache_modifiers(obj) if _take_prefix(m.filepath) == take), None)


def _take_prefix(path: str) -> str:
    found = _FILE_SUFFIX.search(path)
    return found[1] if found else ""


def _modifier_file(modifier: bpy.types.MeshCacheModifier) -> Path:
    return Path(bpy.path.abspath(modifier.filepath))
