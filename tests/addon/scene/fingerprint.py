"""All data of the .blend as plain values, to check that nothing changed."""

from __future__ import annotations

import warnings
from typing import Any

import bpy

NOT_DATA = {"window_managers", "screens", "workspaces", "images", "all_ids"}
"""Collections of interface data, and the images, which include the last render."""

NOT_STATE = {"rna_type", "session_uid", "tag", "is_evaluated", "original", "preview", "diface", "depsgraph", "users"}
NOT_STATE |= {
    "dimensions",
    "bound_box",
    "storage_type",
    "tool_settings",
}  # computed on access; the interface
LARGEST = 300


def of_file() -> dict[str, Any]:
    """Return path -> value for every property of every data-block; only the length of large collections."""
    found: dict[str, Any] = {}
    for scene in bpy.data.scenes:
        for layer in scene.view_layers:
            layer.update()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for collection in bpy.data.bl_rna.properties:
            if collection.type == "COLLECTION" and collection.identifier not in NOT_DATA:
                for block in getattr(bpy.data, collection.identifier):
                    _walk(block, f"{collection.identifier}[{block.name_full}]", found, 0)
    return found


def _walk(struct: bpy.types.bpy_struct, path: str, found: dict[str, Any], depth: int) -> None:
    for prop in struct.bl_rna.properties:
        name = prop.identifier
        if name in NOT_STATE or depth > 6:
            continue
        value = getattr(struct, name, None)
        if prop.type == "COLLECTION":
            found[f"{path}.{name}"] = len(value)
            for index, item in enumerate(value if len(value) <= LARGEST else ()):
                _visit(item, f"{path}.{name}[{index}]", found, depth)
        elif prop.type == "POINTER":
            _visit(value, f"{path}.{name}", found, depth)
        elif getattr(prop, "is_array", False):
            found[f"{path}.{name}"] = repr([*value] if len(value) <= LARGEST else len(value))
        else:
            found[f"{path}.{name}"] = value
    if isinstance(struct, bpy.types.ID):
        found[f"{path}[custom]"] = sorted(set(struct.keys()) - NOT_STATE)


def _visit(value: Any, path: str, found: dict[str, Any], depth: int) -> None:
    if value is None or isinstance(value, bpy.types.ID):
        embedded = value is not None and value.is_embedded_data
        found[path] = value and value.name_full
        if embedded and depth < 2:
            _walk(value, path, found, depth + 1)
    elif isinstance(value, bpy.types.bpy_struct):
        _walk(value, path, found, depth + 1)


def difference(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return a description of every change; empty if nothing changed."""
    names = sorted(before.keys() | after.keys())
    return [
        f"{name}: {before.get(name)!r} -> {after.get(name)!r}" for name in names if before.get(name) != after.get(name)
    ]
