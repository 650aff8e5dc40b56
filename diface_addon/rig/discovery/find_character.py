"""The character of an object, kept between redraws: panels and buttons ask for it many times on each."""

from __future__ import annotations

from collections.abc import Iterator

import bpy
from bpy.app.handlers import persistent

from .. import character
from . import discover
from .scene_index import followed

_found: dict[tuple[int, character.Choices], character.Character | None] = {}
"""Identifier of the picked object and the user's choices -> its character."""
_seen: dict[str, object] = {"structure": None, "is_current": False}
"""The structure of the scene when the characters were found, and whether it was compared since the last change."""


def find_character(
    obj: bpy.types.Object | None, choices: character.Choices | None = None
) -> character.Character | None:
    """Return the character of an object like `discover`, from the cache while the scene's structure is the same.

    The placement (`pivot`, `facing`, `head_size`) is that of the time when the character was found: what writes
    keys or binds the character calls `discover`.
    """
    if obj is None:
        return None
    _forget_if_changed()
    key = (obj.session_uid, choices or character.Choices())
    if key not in _found:
        _found[key] = discover.discover(obj, choices)
    return _found[key]


def _forget_if_changed() -> None:
    """Forget the characters if objects, parents, modifiers, shape keys or bones have changed.

    Without a window, no handler may have run since a script changed the scene: compare always.
    """
    if _seen["is_current"] and not bpy.app.background:
        return
    structure = tuple(_structure(bpy.context.scene))
    if structure != _seen["structure"]:
        _found.clear()
    _seen.update(structure=structure, is_current=True)


def _structure(scene: bpy.types.Scene) -> Iterator[tuple[object, ...]]:
    """Yield what characters of a scene depend on, without reading vertices: the mode tells when these are edited."""
    for obj in scene.objects:
        parent = obj.parent.session_uid if obj.parent else 0
        targets = tuple(target.session_uid for target in followed(obj))
        follows = (parent, obj.parent_type, obj.parent_bone, targets)
        yield (obj.session_uid, obj.name, obj.mode, *follows, *_data_structure(obj))


def _data_structure(obj: bpy.types.Object) -> tuple[object, ...]:
    data = obj.data
    if obj.type == "MESH":
        keys = tuple(data.shape_keys.key_blocks.keys()) if data.shape_keys else ()
        return data.session_uid, len(data.vertices), keys, tuple(obj.vertex_groups.keys())
    if obj.type == "ARMATURE":
        return data.session_uid, tuple(data.bones.keys())
    return ()


@persistent
def compare_again(*_args: object) -> None:
    """Compare the structure before the next search: something in the scene has changed, often only a value."""
    _seen["is_current"] = False


@persistent
def clear(*_args: object) -> None:
    """Forget all characters: their objects may not exist any more."""
    _found.clear()
    _seen.update(structure=None, is_current=False)


HANDLERS = {
    "depsgraph_update_post": compare_again,
    "undo_pre": clear,
    "undo_post": clear,
    "redo_pre": clear,
    "redo_post": clear,
    "load_pre": clear,
    "load_post": clear,
}


def register() -> None:
    for name, handler in HANDLERS.items():
        getattr(bpy.app.handlers, name).append(handler)


def unregister() -> None:
    for name, handler in HANDLERS.items():
        getattr(bpy.app.handlers, name).remove(handler)
    clear()
