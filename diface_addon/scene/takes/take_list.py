"""The takes as a list for the panel: a tree of which take was made from which."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import bpy

from ...core import types
from ..provenance import stored_request
from . import take_index
from .lines import line_strips

FAVOURITE = "diface_favourite"
"""Custom property of a take's first main Action: the user's star."""


@dataclass(frozen=True)
class TakeEntry:
    """One row of the list.

    Attributes:
        take: The take's id.
        name: Full name of the Action that represents the take.
        other_character: Name of the character that the take was made for; "" if it is this one, or is not known.
        seed: -1 if it is not known.
        is_active: Whether the take animates the character.
        favourite: Whether the take has the user's star.
        parent: Id of the take that this one was made from; "" for a first take, or if it was deleted.
        depth: Number of ancestors in the list.
        created: UTC time in ISO 8601 ("2026-01-31T12:00:00.000+00:00"); "" for takes of version 0.1.0.
        has_old_sampler: Whether a sampler before the current one generated the take; edits of it use that sampler.
        plays: Whether the take plays at its frames as another line of the character, beside the active one.
        error: Why the take cannot be read ("Made by a newer DiFACE ..."); "" if it can. Such a take can only be used
            and deleted.
    """

    take: str
    name: str
    other_character: str
    seed: int
    is_active: bool
    favourite: bool
    parent: str = ""
    depth: int = 0
    created: str = ""
    has_old_sampler: bool = False
    error: str = ""
    plays: bool = False


def entries(obj: bpy.types.Object | None) -> list[TakeEntry]:
    """Return all takes as a tree, each followed by those made from it; the takes of `obj` come first.

    Takes without a parent are in the order of their names, the others in the order in which they were made.
    """
    readable, unreadable = take_index.all_takes(), take_index.unreadable_takes()
    active = take_index.active_takes(obj, {**unreadable, **readable}) if obj else set()
    resting = set(line_strips.resting_actions(obj)) if obj else set()
    listed = [
        replace(_entry(take, actions, obj, take in active), plays=not resting.isdisjoint(actions))
        for take, actions in readable.items()
    ]
    listed += [_unreadable_entry(take, actions, take in active) for take, actions in unreadable.items()]
    return _as_tree(listed)


def is_favourite(action: bpy.types.Action) -> bool:
    """Return whether the take that `action` represents has the user's star."""
    return bool(action.get(FAVOURITE))


def set_favourite(action: bpy.types.Action, favourite: bool) -> None:
    """Set or remove the star of the take that `action` represents."""
    if favourite:
        action[FAVOURITE] = True
    elif FAVOURITE in action:
        del action[FAVOURITE]


def _entry(take: str, actions: list[bpy.types.Action], obj: bpy.types.Object | None, is_active: bool) -> TakeEntry:
    request = stored_request.require_request(actions[0])
    other = "" if obj is None or is_active else _other_character(request.get("character", ""), obj)
    parent = take.partition("/")[0] if "/" in take else request["parent"]
    return TakeEntry(
        take,
        actions[0].name_full,
        other,
        request.get("seed", -1),
        is_active,
        is_favourite(actions[0]),
        parent=parent,
        created=request["created"],
        has_old_sampler=_has_old_sampler(request),
    )


def _has_old_sampler(request: dict[str, Any]) -> bool:
    """Return whether DiFACE's models generated a take with an earlier sampler: 0.1.0 stored no version of it."""
    is_generated = "seed" in request and not request.get("engine")
    return is_generated and request.get("sampler", types.FIRST_SAMPLER) < types.SAMPLER


def _unreadable_entry(take: str, actions: list[bpy.types.Action], is_active: bool) -> TakeEntry:
    error = stored_request.read_error(actions[0])
    return TakeEntry(take, actions[0].name_full, "", -1, is_active, is_favourite(actions[0]), error=error)


def _as_tree(listed: list[TakeEntry]) -> list[TakeEntry]:
    """Return the entries in the order of a depth-first walk, with their depths. Unlisted parents are dropped."""
    groups = {entry.take: bool(entry.other_character) for entry in listed}
    children: dict[str, list[TakeEntry]] = {}
    for entry in listed:
        has_parent = entry.parent != entry.take and groups.get(entry.parent) == bool(entry.other_character)
        children.setdefault(entry.parent if has_parent else "", []).append(
            entry if has_parent else replace(entry, parent="")
        )
    roots = sorted(children.pop("", []), key=lambda entry: (bool(entry.other_character), _natural_order(entry.name)))
    ordered: list[TakeEntry] = []
    waiting = [(entry, 0) for entry in reversed(roots)]
    while waiting:
        entry, depth = waiting.pop()
        ordered.append(replace(entry, depth=depth))
        made_from = sorted(children.pop(entry.take, []), key=lambda child: (child.created, _natural_order(child.name)))
        waiting += [(child, depth + 1) for child in reversed(made_from)]
    # A cycle of parents, as in a damaged file, has no root: its takes are listed without their parents.
    rest = [replace(entry, parent="") for entries_of_parent in children.values() for entry in entries_of_parent]
    return ordered + sorted(rest, key=lambda entry: _natural_order(entry.name))


def _natural_order(name: str) -> list[str | int]:
    """Return the key by which names are sorted: "Take 2" comes before "Take 10"."""
    parts = re.split(r"(\d+)", name.lower())  # text and numbers alternate, so that only equal kinds are compared
    return [int(part) if index % 2 else part for index, part in enumerate(parts)]


def _other_character(owner: str, obj: bpy.types.Object) -> str:
    """Return the character that a take was made for if it is not `obj`; "" if no object has that name any more."""
    return owner if owner != obj.name and owner in bpy.data.objects else ""
