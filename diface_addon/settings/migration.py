"""Settings of files that an earlier version of DiFACE saved."""

from __future__ import annotations

import bpy
from bpy.app.handlers import persistent

from .. import compat

RENAMED = {"edit": {"pull": "falloff", "stay": "keep_motion", "source": "frame_choice"}}
"""Settings renamed since 0.1.0, by their group: old identifier -> new identifier."""


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
