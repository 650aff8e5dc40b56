"""Takes that play for a line that is no longer there: its strip was deleted, or another character speaks it."""

from __future__ import annotations

import bpy

from ...core import types
from ...scene.audio import strip_identity
from ...scene.provenance import edited_keys, stored_request
from ...scene.takes import delete_take, rollback, take_index, take_list, use_take
from ...scene.takes.lines import line
from ...settings import scene_settings
from ...settings.dialogue import line_settings
from . import lines, silent_spans


def unassign(context: bpy.types.Context) -> list[str]:
    """Let these takes no longer animate their characters. They stay in the list of takes.

    Returns:
        A note for each.
    """
    notes = []
    for obj in _animated_characters(context):
        for actions in lines.playing_takes(obj).values():
            why = _why_stale(obj, stored_request.require_request(actions[0]))
            if why:
                with rollback.all_or_nothing(obj):
                    use_take.unassign(obj, lines.take_actions(actions))
                notes.append(f"{actions[0].name} no longer plays on {obj.name}: {why}.")
    return notes


def remove_silent(context: bpy.types.Context) -> None:
    """Unassign takes without speech of Generate Scene that no longer fit, and delete those that nobody edited."""
    spans = silent_spans.find_spans(context, lines.find_lines(context))
    fitting = {(span.character, span.key) for span in spans}
    kept: set[bpy.types.Action] = set()
    for obj in _animated_characters(context):
        for key, main in lines.playing_takes(obj).items():
            if not _is_from_scene(main) or (obj, key) in fitting:
                kept.update(main)
                continue
            with rollback.all_or_nothing(obj):
                use_take.unassign(obj, lines.take_actions(main))
    for actions in list(take_index.all_takes().values()):
        if actions[0] not in kept and _is_from_scene(actions) and _is_untouched(actions):
            delete_take.delete_take(None, actions)


def _is_from_scene(actions: list[bpy.types.Action]) -> bool:
    return line.is_from_scene(stored_request.require_request(actions[0]))


def _is_untouched(actions: list[bpy.types.Action]) -> bool:
    """Return whether a take is as it was generated, and has no star."""
    if "edit" in stored_request.require_request(actions[0]) or take_list.is_favourite(actions[0]):
        return False
    return not any(map(edited_keys.user_keys, actions))


def _why_stale(obj: bpy.types.Object, request: dict) -> str:
    if line.LINE not in request or request.get("role", types.SPEAK) != types.SPEAK:
        return ""
    key = line.key_of(request)
    found = strip_identity.find_by_id(list(bpy.data.scenes), key)
    if found is None:
        return "its strip was deleted"
    speaker = line_settings.speakers(found[1].diface).get(strip_identity.side_of(key))
    return "" if line_settings.main_mesh(speaker) == obj else "another character speaks its strip, or none"


def _animated_characters(context: bpy.types.Context) -> list[bpy.types.Object]:
    """Return the main meshes of the scene whose shape keys or rotation are animated."""
    animated = [
        obj
        for obj in context.scene.objects
        if obj.type == "MESH" and (obj.animation_data or (obj.data.shape_keys and obj.data.shape_keys.animation_data))
    ]
    return list(dict.fromkeys(filter(None, map(scene_settings.main_mesh, animated))))
