"""The list of takes, row by row, and which row is chosen."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.types import UI_UL_list

from ..scene.takes import take_list

INDEX_PROPERTY = "diface_take_index"
"""Property of the window manager: the chosen row, as Blender's lists want it."""

_entries_by_action: dict[str, take_list.TakeEntry] = {}
"""Full name of the Action that stands for a take -> the take, as the panel found it before it drew the list."""
_chosen_take = ""
_active_takes: set[str] = set()


def refresh_entries(obj: bpy.types.Object | None) -> take_list.TakeEntry | None:
    """Look what takes there are, for the rows to be drawn; returns the chosen one.

    A take that begins to play is chosen.
    """
    global _entries_by_action, _chosen_take, _active_takes
    found = take_list.entries(obj)
    playing = {entry.take for entry in found if entry.is_active}
    if playing - _active_takes or _chosen_take not in {entry.take for entry in found}:
        _chosen_take = next((e.take for e in found if e.take in playing - _active_takes), "") or next(iter(playing), "")
        _chosen_take = _chosen_take or next((entry.take for entry in found), "")
    _active_takes, _entries_by_action = playing, {entry.name: entry for entry in found}
    return next((entry for entry in found if entry.take == _chosen_take), None)


class DIFACE_UL_takes(bpy.types.UIList):
    """The Actions that stand for takes"""

    def filter_items(self, _context: bpy.types.Context, data: Any, name: str) -> tuple[list[int], list[int]]:
        """Which Actions are shown, and the place of each: as the panel found them."""
        actions = getattr(data, name)
        flags = UI_UL_list.filter_items_by_name(self.filter_name, self.bitflag_filter_item, actions, "name")
        flags = flags or [self.bitflag_filter_item] * len(actions)
        hidden = getattr(self, "bitflag_item_never_show", 0)  # in 4.2 an inverted search shows them
        flags = [f if a.name_full in _entries_by_action else hidden for f, a in zip(flags, actions, strict=True)]
        places = {full: place for place, full in enumerate(_entries_by_action)}
        wanted = [(index, places.get(action.name_full, len(places))) for index, action in enumerate(actions)]
        return flags, UI_UL_list.sort_items_helper(wanted, lambda pair: pair[1])

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
        """One row."""
        if entry := _entries_by_action.get(item.name_full):
            draw_row(layout.row(align=True), item, entry)


def draw_row(layout: bpy.types.UILayout, action: bpy.types.Action, entry: take_list.TakeEntry) -> None:
    """One take: whether it plays, its name, whose it is or its seed, and its star."""
    layout.active = not entry.other_character
    icon = "RADIOBUT_ON" if entry.is_active else "RADIOBUT_OFF"
    layout.operator("diface.use_take", text="", icon=icon, emboss=False).take = entry.take
    layout.prop(action, "name", text="", emboss=False)
    aside = layout.row()
    aside.alignment = "RIGHT"
    aside.label(text=entry.other_character or (str(entry.seed) if entry.seed >= 0 else ""))
    star = "SOLO_ON" if entry.favourite else "SOLO_OFF"
    layout.operator("diface.favourite_take", text="", icon=star, emboss=False).take = entry.take


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
