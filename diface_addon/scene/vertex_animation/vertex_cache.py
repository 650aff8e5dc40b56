"""Vertex animation: a PC2 file beside the .blend for each take, played by a Mesh Cache modifier.

Blender keeps the modifier's path valid when the .blend is saved elsewhere. The file can be packed into the .blend, on
the take's Action, and unpacked from there.
"""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import bpy
import numpy as np

from ...core import errors
from ..files import atomic_write
from . import pc2_file

PACKED = "diface_cache"
"""Custom property of an Action: the PC2 file of its take, compressed with zlib."""

_FILE_SUFFIX = re.compile(r"-([0-9a-f]{8})\.pc2$")


def check_saved() -> None:
    """Raise SceneError if the .blend was never saved, so that there is no folder for the file."""
    if not bpy.data.filepath:
        hint = "Save the .blend first, or set Motion As to Shape Keys."
        raise errors.SceneError("Vertex animation is a file beside the .blend, which was never saved.", hint)


def write(motion: pc2_file.VertexMotion, name: str, take: str) -> str:
    """Write the PC2 file of a take.

    Args:
        motion: The motion of the vertices.
        name: The take's name, for the file name.
        take: The take's id.

    Returns:
        The path relative to the .blend ("//...").

    Raises:
        SceneError: The .blend was never saved, or the file cannot be written.
    """
    check_saved()
    blend = Path(bpy.data.filepath)
    folder = blend.with_name(f"{blend.stem}_diface")
    path = folder / f"{bpy.path.clean_name(name)}-{take[:8]}.pc2"
    _make_folder(folder)
    pc2_file.write(path, motion)
    return bpy.path.relpath(str(path))


def sample_vertices(obj: bpy.types.Object, frame: float) -> np.ndarray:
    """Return the vertices (V, 3) float32 of the visible cache at a frame.

    Between two rows they are interpolated linearly; beyond the ends the first or last row holds. Raises SceneError.
    """
    modifier = next(m for m in _cache_modifiers(obj) if m.show_viewport)
    file = _modifier_file(modifier)
    last = pc2_file.row_count(file) - 1
    row = min(max(frame - modifier.frame_start, 0.0), float(last))
    below, above = int(row), min(int(row) + 1, last)
    positions = pc2_file.read_rows(file, [below, above], len(obj.data.vertices))
    share = np.float32(row - below)
    return positions[below] * (1 - share) + positions[above] * share


def visibility(obj: bpy.types.Object) -> dict[str, list[bool]]:
    """Return which caches are visible, for `restore_visibility`: modifier -> [in the viewport, in renders]."""
    return {m.name: [m.show_viewport, m.show_render] for m in _cache_modifiers(obj)}


def restore_visibility(obj: bpy.types.Object, before: dict[str, list[bool]]) -> None:
    """Show and hide the caches as `visibility` returned them; caches that are gone are skipped."""
    for modifier in _cache_modifiers(obj):
        if modifier.name in before:
            modifier.show_viewport, modifier.show_render = before[modifier.name]


def show(obj: bpy.types.Object, path: str, first_frame: int) -> None:
    """Show the cache at `path` from `first_frame` on, by its existing modifier or a new first one."""
    modifier = _find_modifier(obj, _take_prefix(path))
    if modifier is None:
        modifier = obj.modifiers.new(f"DiFACE {_take_prefix(path)}", "MESH_CACHE")
        modifier.cache_format, modifier.filepath = "PC2", path
        modifier.frame_start = first_frame
        obj.modifiers.move(len(obj.modifiers) - 1, 0)  # before modifiers that smooth or subdivide
    modifier.show_viewport = modifier.show_render = True


def hide(obj: bpy.types.Object) -> None:
    """Hide all of DiFACE's caches on `obj`."""
    for modifier in _cache_modifiers(obj):
        modifier.show_viewport = modifier.show_render = False


def remove(obj: bpy.types.Object, take: str) -> None:
    """Remove the modifier of a take; its file is kept."""
    if modifier := _find_modifier(obj, take[:8]):
        obj.modifiers.remove(modifier)


def active_take(obj: bpy.types.Object) -> str:
    """Return the first eight characters of the id of the take whose cache is visible; "" if no cache is."""
    return next((_take_prefix(m.filepath) for m in _cache_modifiers(obj) if m.show_viewport), "")


def is_file_missing(obj: bpy.types.Object) -> bool:
    """Return whether a visible cache of `obj` has no file."""
    return any(m.show_viewport and not _modifier_file(m).is_file() for m in _cache_modifiers(obj))


def find_file(obj: bpy.types.Object, take: str, path: str) -> Path:
    """Return the cache file of a take: the one of its modifier, else `path`, where it was first written."""
    modifier = _find_modifier(obj, take[:8])
    return _modifier_file(modifier) if modifier else Path(bpy.path.abspath(path))


def pack(action: bpy.types.Action, file: Path) -> None:
    """Store the file of a take's cache in the .blend, on the take's Action. Raises SceneError if it is damaged."""
    pc2_file.row_count(file)
    try:
        packed = zlib.compress(file.read_bytes(), 1)
    except OSError as reason:
        raise errors.SceneError(f"{file} cannot be read: {reason.strerror}.", pc2_file.HINT) from reason
    if PACKED in action:
        del action[PACKED]  # Blender truncates bytes that replace other bytes at their first zero
    action[PACKED] = packed


def unpack(action: bpy.types.Action, file: Path) -> None:
    """Write a packed cache to its file. Raises SceneError if it is damaged, or the file cannot be written."""
    try:
        data = zlib.decompress(bytes(action[PACKED]))
    except zlib.error as reason:
        message = f'The vertex cache packed with "{action.name}" is damaged: {reason}.'
        raise errors.SceneError(message, "Generate again with the same seed.") from reason
    _make_folder(file.parent)
    with atomic_write.replacing(file) as draft:
        draft.write_bytes(data)


def is_packed(action: bpy.types.Action) -> bool:
    """Return whether an Action stores the cache of its take."""
    return PACKED in action


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as reason:
        message = f"The folder {folder} cannot be created: {reason.strerror}."
        raise errors.SceneError(message, atomic_write.HINT) from reason


def _cache_modifiers(obj: bpy.types.Object) -> list[bpy.types.MeshCacheModifier]:
    return [m for m in obj.modifiers if isinstance(m, bpy.types.MeshCacheModifier) and _take_prefix(m.filepath)]


def _find_modifier(obj: bpy.types.Object, take: str) -> bpy.types.MeshCacheModifier | None:
    return next((m for m in _cache_modifiers(obj) if _take_prefix(m.filepath) == take), None)


def _take_prefix(path: str) -> str:
    match = _FILE_SUFFIX.search(path)
    return match[1] if match else ""


def _modifier_file(modifier: bpy.types.MeshCacheModifier) -> Path:
    return Path(bpy.path.abspath(modifier.filepath))
