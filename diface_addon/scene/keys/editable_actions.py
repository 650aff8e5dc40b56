"""Checks that an Action can be changed in this file. Changes to a linked Action would be lost on saving."""

from __future__ import annotations

from collections.abc import Iterable

import bpy

from ...core import errors

HINT = "Duplicate the take first, or make it local (Object > Relations > Make Local)."


def is_editable(action: bpy.types.Action) -> bool:
    """Return whether the keys of an Action can be changed here. In a linked Action, Blender adds keys only at zero."""
    return action.library is None and action.override_library is None


def check(actions: Iterable[bpy.types.Action], hint: str = HINT) -> None:
    """Raise SceneError if one of `actions` cannot be changed in this file."""
    foreign = next((action for action in actions if not is_editable(action)), None)
    if foreign is not None:
        file = foreign.library.name if foreign.library else "a library override"
        raise errors.SceneError(f"{foreign.name} comes from {file}, and cannot be changed here.", hint)
