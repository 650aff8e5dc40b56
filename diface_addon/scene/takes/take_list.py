"""The takes as a list: those of one character first, then the others', each with what there is to know of it."""

from __future__ import annotations

from dataclasses import dataclass

import bpy

from ..provenance import baseline
from . import takes

FAVOURITE = "diface_favourite"
"""Custom property of a take's first main Action: that the artist likes it."""


@dataclass(frozen=True)
class TakeEntry:
    """One take. name: of the Action that stands for it. owner: another character's name, "" for this one's or nobody's.
    seed: -1 where none is known."""

    take: str
    name: str
    other_character: str
    seed: int
    is_active: bool
    favourite: bool


def entries(obj: bpy.types.Object | None) -> list[TakeEntry]:
    """All takes, those of `obj` first, each kind in the order of their names."""
    found = takes.all_takes()
    active = takes.active_takes(obj, found) if obj else set()
    listed = []
    for take, actions in found.items():
        request = baseline.read_request(actions[0])
        owner = "" if obj is None or take in active else _other_character(request.get("character", ""), obj)
        favourite = is_favourite(actions[0])
        listed.append(TakeEntry(take, actions[0].name_full, owner, request.get("seed", -1), take in active, favourite))
    return sorted(listed, key=lambda entry: (bool(entry.other_character), entry.name.lower()))


def is_favourite(action: bpy.types.Action) -> bool:
    """Whether the artist likes the take that `action` stands for."""
    return bool(action.get(FAVOURITE))


def set_favourite(action: bpy.types.Action, favourite: bool) -> None:
    """Have a take liked, or not."""
    if favourite:
        action[FAVOURITE] = True
    elif FAVOURITE in action:
        del action[FAVOURITE]


def _other_character(owner: str, obj: bpy.types.Object) -> str:
    """The character that a take was made for, where that is not `obj`. One that was renamed is not known any more."""
    return owner if owner != obj.name and owner in bpy.data.objects else ""
