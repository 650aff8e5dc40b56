"""Settings of files that an earlier version of DiFACE saved."""

from __future__ import annotations

import re

import bpy
from bpy.app.handlers import persistent

from .. import compat

RENAMED = {"edit": {"pull": "falloff", "stay": "keep_motion", "source": "frame_choice"}}
"""Settings renamed since 0.1.0, by their group: old identifier -> new identifier."""

_PAIR = re.compile(r"(-?\d+)\s*(?::|->|,)\s*(-?\d+)")
"""A pair of frames in the setting `edit.swaps` of 0.1.0, as in "12:40 55:80"."""


def migrate(scene: bpy.types.Scene) -> None:
    """Move the values of renamed settings to their new identifiers, unless those have a value."""
    stored = compat.stored_settings(scene)
    for group_name, names in RENAMED.items():
        group = stored.get(group_name) if stored else None
        for old, new in names.items():
            if group and old in group:
                if new not in group:
                    group[new] = group[old]
                del group[old]
    _migrate_swaps(stored.get("edit") if stored else None)


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
