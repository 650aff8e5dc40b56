"""The rows of Diagnostics: problems of the active animation, kept for the session.

They are shown for the character and the Actions that they were found in. Undo and redo remove them.
"""

from __future__ import annotations

from collections.abc import Iterable

import bpy
from bpy.app.handlers import persistent

from ..scene.animation import active_actions
from ..scene.diagnostics import problem

HANDLERS = ("undo_post", "redo_post", "load_post")


def store(context: bpy.types.Context, obj: bpy.types.Object, problems: Iterable[problem.Problem]) -> None:
    """Replace the rows by the problems of a character's active animation."""
    state = context.window_manager.diface
    clear()
    for number, found in enumerate(problems):
        entry = state.findings.add()
        entry.name, entry.data, entry.row = found.text, found.to_json(), number
    state.finding_index = 0
    state.findings_of = _animation_of(obj)


def find(context: bpy.types.Context, obj: bpy.types.Object | None) -> list[problem.Problem] | None:
    """Return the problems of the active animation; None if it was not checked."""
    state = context.window_manager.diface
    if obj is None or state.findings_of != _animation_of(obj):
        return None
    return [problem.Problem.from_json(entry.data) for entry in state.findings]


def clear() -> None:
    """Remove all rows."""
    state = bpy.context.window_manager.diface
    state.findings.clear()
    state.findings_of = ""


def _animation_of(obj: bpy.types.Object) -> str:
    """Return what identifies the active animation of a character in this session."""
    uids = [obj.session_uid, *(action.session_uid for action in active_actions.active_actions(obj))]
    return " ".join(map(str, uids))


@persistent
def _on_change(*_args: object) -> None:
    clear()


def register() -> None:
    for name in HANDLERS:
        getattr(bpy.app.handlers, name).append(_on_change)


def unregister() -> None:
    for name in HANDLERS:
        getattr(bpy.app.handlers, name).remove(_on_change)
