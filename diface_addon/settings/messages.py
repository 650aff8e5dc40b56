"""The last message of each panel. It disappears when undo, redo or another character makes it untrue."""

from __future__ import annotations

import bpy
from bpy.app.handlers import persistent

from . import runtime_state, scene_settings

NO_CHARACTER = 0
"""Identifier of a message that is true whatever character is active."""


def show(context: bpy.types.Context, topic: str, text: str, is_error: bool = False) -> None:
    """Replace the message of a panel.

    Args:
        context: Names the character that the message is about.
        topic: The panel's topic, such as "edit".
        text: One line per note; empty: no message.
        is_error: Show it as an error.
    """
    state = context.window_manager.diface
    entry = state.messages.get(topic) or state.messages.add()
    entry.name, entry.text, entry.is_error = topic, text, is_error
    entry.character_uid = _character_uid(context)
    state.message = text


def find(context: bpy.types.Context, topic: str) -> runtime_state.PanelMessage | None:
    """Return the message of a panel if it is about the active character."""
    entry = context.window_manager.diface.messages.get(topic)
    if entry is None or not entry.text:
        return None
    return entry if entry.character_uid in (NO_CHARACTER, _character_uid(context)) else None


def clear() -> None:
    """Remove all messages."""
    state = bpy.context.window_manager.diface
    state.messages.clear()
    state.message = ""


def _character_uid(context: bpy.types.Context) -> int:
    obj = scene_settings.character(context) if context.scene else None
    return obj.session_uid if obj else NO_CHARACTER


@persistent
def _on_undo(*_args: object) -> None:
    clear()


HANDLERS = ("undo_post", "redo_post")


def register() -> None:
    for name in HANDLERS:
        getattr(bpy.app.handlers, name).append(_on_undo)


def unregister() -> None:
    for name in HANDLERS:
        getattr(bpy.app.handlers, name).remove(_on_undo)
