"""Rows of the list of takes, and the chosen row."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

import bpy
from bpy.types import UI_UL_list

from ..scene.takes import take_list

INDEX_PROPERTY = "diface_take_index"
"""Property of the window manager: the chosen row, as an index into `bpy.data.actions`."""

INDENT, MAX_INDENT = 1.5, 4
"""Indentation of a take below the one that it was made from, and the number of levels that are indented."""

_entries_by_action: dict[str, take_list.TakeEntry] = {}
"""Full name of the Action that stands for a take -> the take, updated before the list is drawn."""
_chosen_take = ""
_active_takes: set[str] = set()


def refresh_entries(obj: bpy.types.Object | None) -> take_list.TakeEntry | None:
    """Update the rows for a character and return the chosen take. A take that becomes active is chosen."""
    global _entries_by_action, _chosen_take, _active_takes
    listed = take_list.entries(obj)
    active = {entry.take for entry in listed if entry.is_active}
    if active - _active_takes or _chosen_take not in {entry.take for entry in listed}:
        _chosen_take = next((e.take for e in listed if e.take in active - _active_takes), "") or next(iter(active), "")
        _chosen_take = _chosen_take or next((entry.take for entry in listed), "")
    _active_takes, _entries_by_action = active, {entry.name: entry for entry in listed}
    return next((entry for entry in listed if entry.take == _chosen_take), None)


class DIFACE_UL_takes(bpy.types.UIList):
    """Takes"""

    def filter_items(self, context: bpy.types.Context, data: Any, name: str) -> tuple[list[int], list[int]]:
        """Return which Actions are shown, and the place of each."""
        actions = getattr(data, name)
        flags = UI_UL_list.filter_items_by_name(self.filter_name, self.bitflag_filter_item, actions, "name")
        flags = flags or [self.bitflag_filter_item] * len(actions)
        hidden = getattr(self, "bitflag_item_never_show", 0)  # in 4.2 an inverted search shows them
        flags = [f if a.name_full in _entries_by_action else hidden for f, a in zip(flags, actions, strict=True)]
        places = {full: place for place, full in enumerate(_entries_by_action)}
        order = [(index, places.get(action.name_full, len(places))) for index, action in enumerate(actions)]
        return flags, cast("list[int]", UI_UL_list.sort_items_helper(order, lambda pair: pair[1]))

    def draw_item(
        self,
        _context: bpy.types.Context,
        layout: bpy.types.UILayout,
        _data: Any,
        item: bpy.types.Action,
        _icon: int,
        _active_data: Any,
        _active_property: str,
    ) -> None:
        """Draw one row."""
        if entry := _entries_by_action.get(item.name_full):
            draw_row(layout.row(align=True), item, entry)


def draw_row(layout: bpy.types.UILayout, action: bpy.types.Action, entry: take_list.TakeEntry) -> None:
    """Draw one take: whether it is active or plays, its name below that of the take it was made from, seed and star."""
    layout.active = not entry.other_character
    icon = "RADIOBUT_ON" if entry.is_active else "NLA" if entry.plays else "RADIOBUT_OFF"
    layout.operator("diface.use_take", text="", icon=icon, emboss=False).take = entry.take
    for _level in range(min(entry.depth, MAX_INDENT)):
        layout.separator(factor=INDENT)  # one separator for all levels would be higher than the row
    name = layout.row()
    name.alert = bool(entry.error)
    name.prop(action, "name", text="", emboss=False, icon="ERROR" if entry.error else "NONE")
    aside = layout.row()
    aside.alignment = "RIGHT"
    aside.label(text=entry.other_character or (f"Seed {entry.seed}" if entry.seed >= 0 else ""))
    star = "SOLO_ON" if entry.favourite else "SOLO_OFF"
    layout.operator("diface.favourite_take", text="", icon=star, emboss=False).take = entry.take


def details(entry: take_list.TakeEntry) -> str:
    """Return one line about the chosen take: why it cannot be read, or when, from which take and how it was made."""
    if entry.error:
        return entry.error
    parts = [local_time(entry.created)] if entry.created else []
    parent = next((other for other in _entries_by_action.values() if other.take == entry.parent), None)
    parts += [f"from {parent.name}"] if parent and entry.parent else []
    parts += ["with the sampler of 0.1.0"] if entry.has_old_sampler else []
    return " ".join(["Made", *parts]) if parts else ""


def local_time(created: str) -> str:
    """Return the local time of an ISO 8601 time; with the date unless it is today's."""
    try:
        time = datetime.fromisoformat(created).astimezone()
    except ValueError:
        return ""
    is_today = time.date() == datetime.now().astimezone().date()
    return f"at {time:%H:%M}" if is_today else f"on {time:%Y-%m-%d} at {time:%H:%M}"


def _get_index(_manager: bpy.types.WindowManager) -> int:
    return next((n for n, action in enumerate(bpy.data.actions) if _is_chosen(action)), -1)


def _set_index(_manager: bpy.types.WindowManager, index: int) -> None:
    global _chosen_take
    if entry := _entries_by_action.get(bpy.data.actions[index].name_full):
        _chosen_take = entry.take


def _is_chosen(action: bpy.types.Action) -> bool:
    entry = _entries_by_action.get(action.name_full)
    return entry is not None and entry.take == _chosen_take


def register() -> None:
    bpy.utils.register_class(DIFACE_UL_takes)
    setattr(
        bpy.types.WindowManager,
        INDEX_PROPERTY,
        bpy.props.IntProperty(get=_get_index, set=_set_index, options={"SKIP_SAVE"}),
    )


def unregister() -> None:
    delattr(bpy.types.WindowManager, INDEX_PROPERTY)
    bpy.utils.unregister_class(DIFACE_UL_takes)
