"""The settings of a property group as plain values, which custom properties can hold, and back."""

from __future__ import annotations

from typing import Any

import bpy

Values = dict[str, Any]
"""Values by property: of a group again values, of a collection values by "0", "1" ..., of an enum its identifiers."""


def read_values(group: bpy.types.PropertyGroup, without: frozenset[str] = frozenset()) -> Values:
    """Return the settings of a group that have a value, be it the default.

    Args:
        group: Any property group.
        without: Properties that are left out, of the group and those in it.
    """
    found: Values = {}
    for prop in group.bl_rna.properties:
        name = prop.identifier
        if name == "rna_type" or name in without:
            continue
        value = getattr(group, name)
        if isinstance(value, bpy.types.PropertyGroup):
            value = read_values(value, without)
        elif prop.type == "COLLECTION":
            value = {str(index): read_values(item, without) for index, item in enumerate(value)}
        elif not group.is_property_set(name):
            continue
        elif prop.type == "ENUM" and prop.is_enum_flag:
            value = ",".join(sorted(value))
        elif getattr(prop, "is_array", False):
            value = list(value)
        if value is not None and value != {}:
            found[name] = value
    return found


def write_values(group: bpy.types.PropertyGroup, values: Values) -> None:
    """Set settings of a group, as `read_values` returns them. Properties that do not exist are left out."""
    for name, value in values.items():
        prop = group.bl_rna.properties.get(name)
        if prop is None:
            continue
        if prop.type == "COLLECTION":
            items = getattr(group, name)
            items.clear()
            for index in sorted(value.keys(), key=int):
                write_values(items.add(), value[index])
        elif prop.type == "POINTER" and not isinstance(value, bpy.types.ID):
            write_values(getattr(group, name), value)
        elif getattr(prop, "is_array", False):
            setattr(group, name, list(value))
        elif prop.type == "ENUM" and prop.is_enum_flag:
            setattr(group, name, set(filter(None, value.split(","))))
        else:
            setattr(group, name, bool(value) if prop.type == "BOOLEAN" else value)
