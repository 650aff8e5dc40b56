"""Whether an Action can be changed in this file: keys written into one that is linked from another would be lost."""

from __future__ import annotations

from collections.abc import Iterable

import bpy

from ...core import errors

HINT = "Duplicate the take first, or make it local (Object > Relations > Make Local)."


def is_editable(action: bpy.types.Action) -> bool:
    """Whether its keys can be changed here. In another one Blender lets keys go and come, but all of them at zero."""
    return action.library is None and action.override_library is None


def check(actions: Iterable[bpy.types.Action], hint: str = HINT) -> None:
    """Raises SceneError where one of `actions` cannot be changed here."""
    foreign = next((action for action in actions if not is_editable(action)), None)
    if foreign is not None:
        file = foreign.library.name if foreign.library else "a library override"
        raise errors.SceneError(f"{foreign.name} comes from {file}, and cannot be changed here.", hint)
