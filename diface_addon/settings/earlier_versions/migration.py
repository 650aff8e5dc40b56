"""Settings of files that an earlier version of DiFACE saved."""

from __future__ import annotations

import re

import bpy
from bpy.app.handlers import persistent

from ... import compat
from ...scene.provenance import stored_request
from ...scene.takes import take_index
from .. import performance

RENAMED = {"edit": {"pull": "falloff", "stay": "keep_motion", "source": "frame_choice"}}
"""Settings renamed since 0.1.0, by their group: old identifier -> new identifier."""

_PAIR = re.compile(r"(-?\d+)\s*(?::|->|,)\s*(-?\d+)")
"""A pair of frames in the setting `edit.swaps` of 0.1.0, as in "12:40 55:80"."""


def migrate(scene: bpy.types.Scene) -> None:
    """Move the values of renamed settings to their new identifiers, and those of performances to the characters."""
    stored = compat.stored_settings(scene)
    if not stored:
        return
    for group_name, names in RENAMED.items():
        group = stored.get(group_name)
        for old, new in names.items():
            if group and old in group:
                if new not in group:
                    group[new] = group[old]
                del group[old]
    _migrate_swaps(stored.get("edit"))
    if _move_values(stored, scene.diface.new_character):
        for obj in _characters_with_takes(scene):
            performance.start_with(obj, scene.diface.new_character)


def _move_values(stored: bpy.types.bpy_struct, group: bpy.types.PropertyGroup) -> bool:
    """Move the values of settings that were stored elsewhere to a group. Returns whether there were any."""
    found = [prop for prop in group.bl_rna.properties if prop.identifier in stored and prop.identifier != "name"]
    for prop in found:
        value = stored[prop.identifier]
        if prop.type == "POINTER":
            _move_values(value, getattr(group, prop.identifier))
        elif prop.type == "ENUM":
            setattr(group, prop.identifier, next(item.identifier for item in prop.enum_items if item.value == value))
        else:
            setattr(group, prop.identifier, bool(value) if prop.type == "BOOLEAN" else value)
        del stored[prop.identifier]
    return bool(found)


def _characters_with_takes(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """Return the meshes of a scene that takes animate or were made for."""
    takes = take_index.all_takes()
    owners = {stored_request.require_request(actions[0]).get("character") for actions in takes.values()}
    meshes = [obj for obj in scene.objects if obj.type == "MESH" and obj.library is None]
    return [obj for obj in meshes if obj.name in owners or take_index.active_takes(obj, takes)]


def _migrate_swaps(group: bpy.types.bpy_struct | None) -> None:
    """Turn the first pair of frames of the text of 0.1.0 into the two frame settings."""
    if group is None or "swaps" not in group:
        return
    pair = _PAIR.search(group["swaps"])
    if pair and "swap_first" not in group:
        group["swap_first"], group["swap_second"] = int(pair[1]), int(pair[2])
    del group["swaps"]


@persistent
def _migrate_file(*_args: object) -> None:
    for scene in bpy.data.scenes:
        if scene.is_editable:
            migrate(scene)


def register() -> None:
    bpy.app.handlers.load_post.append(_migrate_file)
    if hasattr(bpy.data, "scenes"):  # not while Blender starts with restricted data
        _migrate_file()


def unregister() -> None:
    bpy.app.handlers.load_post.remove(_migrate_file)
