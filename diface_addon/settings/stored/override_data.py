"""What DiFACE stores with characters that are library overrides, kept with the scene.

Blender drops custom properties that an override has and its library has not, when the file is opened or the library
reloaded; from 5.0 on also settings of add-ons. Animation is kept.
"""

from __future__ import annotations

import bpy
from bpy.app.handlers import persistent

from .group_values import read_values, write_values

KEPT = "diface_overrides"
"""Custom property of a scene: by a number the object, its custom properties and its settings."""
PREFIX = "diface_"
"""Prefix of DiFACE's custom properties."""
GROUPS = ("diface", "diface_words", "diface_mapping")
"""Property groups of objects."""
MARK = "diface_kept"
"""Custom property of an override whose data is kept. It is gone when Blender has dropped the others."""


def keep(scene: bpy.types.Scene) -> None:
    """Keep what is stored with the overrides in a scene."""
    entries = {}
    for obj in scene.objects:
        if obj.override_library is None:
            continue
        names = [name for name in list(obj.keys()) if name.startswith(PREFIX) and name not in (*GROUPS, MARK)]
        stored = {name: obj[name] for name in names}
        settings = {name: values for name in GROUPS if (values := read_values(getattr(obj, name)))}
        if stored or settings:
            obj[MARK] = 1
            entries[str(len(entries))] = {"object": obj, "properties": stored, "settings": settings}
    if entries:
        scene[KEPT] = entries
    elif KEPT in scene:
        del scene[KEPT]


def restore(scene: bpy.types.Scene) -> None:
    """Give overrides back what Blender has dropped."""
    for entry in scene.get(KEPT, {}).values():
        obj = entry.get("object")
        if obj is None or MARK in obj or obj.override_library is None:
            continue
        for name, value in entry.get("properties", {}).items():
            obj[name] = value
        for name, values in entry.get("settings", {}).items():
            write_values(getattr(obj, name), values)
        obj[MARK] = 1


@persistent
def _keep_all(*_args: object) -> None:
    for scene in _editable_scenes():
        keep(scene)


@persistent
def _restore_all(*_args: object) -> None:
    for scene in _editable_scenes():
        restore(scene)


def _editable_scenes() -> list[bpy.types.Scene]:
    return [scene for scene in bpy.data.scenes if scene.library is None]


HANDLERS = {"save_pre": _keep_all, "load_post": _restore_all, "depsgraph_update_post": _restore_all}


def register() -> None:
    for name, handler in HANDLERS.items():
        getattr(bpy.app.handlers, name).append(handler)


def unregister() -> None:
    for name, handler in HANDLERS.items():
        getattr(bpy.app.handlers, name).remove(handler)
