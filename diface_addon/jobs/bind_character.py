"""Find the parts of a character before its first take."""

from __future__ import annotations

import contextlib
from collections.abc import Generator

import bpy

from ..rig import binding
from ..rig.discovery.discover import discover
from ..rig.mapping import hand_rows
from ..scene.animation import active_actions
from ..scene.characters import bundled_head, flame_mesh
from ..scene.provenance import stored_request
from ..settings import character_settings
from ..settings.stored import override_data

BOUND_CHOICES = "diface_bound_choices"
"""Custom property of a main mesh: the user's choices with which its character was bound."""


@contextlib.contextmanager
def bound(obj: bpy.types.Object) -> Generator[None]:
    """Bind the character of the main mesh `obj` if it was not yet; release it again if the block raises."""
    is_new = bind_new(obj)
    try:
        yield
    except BaseException:
        if is_new:
            binding.unbind(obj)
        raise
    keep_override(obj)


def bind_new(obj: bpy.types.Object) -> bool:
    """Bind the character of a main mesh that was not bound yet. Return whether it was bound now.

    The bundled head and a FLAME mesh are characters of one object, which need no search. A character with a take that
    was made before it could be bound stays as it is. One that was bound is bound again if the user's choices changed.
    """
    if obj.type != "MESH" or not obj.is_editable or bundled_head.MARK in obj or flame_mesh.is_flame(obj):
        return False
    was_bound, signature = binding.is_bound(obj), _signature(obj)
    if obj.get(BOUND_CHOICES, "") == signature if was_bound else _has_take(obj):
        return False
    character = discover(obj, character_settings.choices(obj))
    if character is None or character.main != obj:
        return False
    binding.bind(character)
    obj[BOUND_CHOICES] = signature
    return not was_bound


def _signature(obj: bpy.types.Object) -> str:
    """Return a text that changes with the user's choices and with the rows of the mapping that the user set."""
    return character_settings.signature(obj) + hand_rows.signature(obj)


def keep_override(obj: bpy.types.Object) -> None:
    """Keep what is stored with a character that is a library override, in case its library is reloaded."""
    if obj.override_library is not None:
        override_data.keep(bpy.context.scene)


def _has_take(obj: bpy.types.Object) -> bool:
    """Return whether a take turns the object itself."""
    requests = map(stored_request.read_request, active_actions.active_actions(obj))
    return any(request and "rest_rotation" in request for request in requests)
