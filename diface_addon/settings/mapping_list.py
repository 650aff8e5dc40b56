"""The list of the panel Mapping: which character's table it shows, and which row is chosen."""

from __future__ import annotations

import bpy
from bpy.props import CollectionProperty, IntProperty, PointerProperty

from ..scene.mapping import table as mapping_table
from . import character_settings, scene_settings

SLOTS_AT_ONCE = 64


class DifaceMappingSlot(bpy.types.PropertyGroup):
    """A place in the list. What it shows is computed: Blender draws lists of stored items only."""


class DifaceMappingList(bpy.types.PropertyGroup):
    """The list, at `window_manager.diface_mapping_list`; never saved or undone."""

    slots: CollectionProperty(type=DifaceMappingSlot, options={"SKIP_SAVE"})
    chosen: IntProperty(name="Row", options={"SKIP_SAVE"})


def table(context: bpy.types.Context) -> tuple[bpy.types.Object | None, mapping_table.MappingTable]:
    """Return the active character's main mesh, and its mapping as a table."""
    main = scene_settings.character(context)
    if main is None or main.type != "MESH":
        return None, mapping_table.MappingTable()
    return main, mapping_table.mapping_table(main, character_settings.find(main))


def chosen_row(context: bpy.types.Context, rows: tuple[mapping_table.TableRow, ...]) -> mapping_table.TableRow | None:
    """Return the chosen row; None without one."""
    number = context.window_manager.diface_mapping_list.chosen
    return rows[number] if 0 <= number < len(rows) else None


def choose(context: bpy.types.Context, hand: int) -> None:
    """Choose a row of the user by its number in the collection."""
    _main, shown = table(context)
    number = next((number for number, row in enumerate(shown.rows) if row.hand == hand), 0)
    context.window_manager.diface_mapping_list.chosen = number


def provide_slots(context: bpy.types.Context, count: int) -> None:
    """Add places to the list until it has `count`; soon, as a panel that draws must not change data."""
    if len(context.window_manager.diface_mapping_list.slots) < count and not bpy.app.timers.is_registered(_add_slots):
        bpy.app.timers.register(_add_slots, first_interval=0.0)


def _add_slots() -> None:
    context = bpy.context
    for _number in range(SLOTS_AT_ONCE):
        context.window_manager.diface_mapping_list.slots.add()
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            area.tag_redraw()


GROUPS = (DifaceMappingSlot, DifaceMappingList)


def register() -> None:
    for group in GROUPS:
        bpy.utils.register_class(group)
    bpy.types.WindowManager.diface_mapping_list = PointerProperty(type=DifaceMappingList, options={"SKIP_SAVE"})


def unregister() -> None:
    if bpy.app.timers.is_registered(_add_slots):
        bpy.app.timers.unregister(_add_slots)
    del bpy.types.WindowManager.diface_mapping_list
    for group in reversed(GROUPS):
        bpy.utils.unregister_class(group)
