"""Custom properties of objects and pose bones as properties that channels move."""

from __future__ import annotations

import re
from collections.abc import Iterator

import bpy

_PATH = re.compile(r'(?:pose\.bones\["(?P<bone>.*)"\])?\["(?P<name>.*)"\]')
_HIDDEN = ("diface", "_RNA_UI", "cycles")
"""Beginnings of the names of properties that other programs store, and this one."""


def path_of(bone: str, name: str) -> str:
    """Return the RNA path of a custom property of an object, or of its pose bone `bone` unless that is ""."""
    escape = bpy.utils.escape_identifier
    return (f'pose.bones["{escape(bone)}"]' if bone else "") + f'["{escape(name)}"]'


def is_custom(path: str) -> bool:
    """Return whether an RNA path is that of a custom property of an object or a pose bone."""
    return _PATH.fullmatch(path) is not None


def limits(owner: bpy.types.Object, path: str) -> tuple[float, float]:
    """Return the lowest and the highest value of a custom property, as the user set them."""
    holder, name = resolved(owner, path)
    settings = holder.id_properties_ui(name).as_dict()
    return float(settings["min"]), float(settings["max"])


def default(owner: bpy.types.Object, path: str) -> float:
    """Return the default value of a custom property."""
    holder, name = resolved(owner, path)
    return float(holder.id_properties_ui(name).as_dict()["default"])


def problem(owner: bpy.types.Object, bone: str, name: str) -> str:
    """Return why channels cannot move a custom property; "" if they can."""
    of = f"{owner.name}, bone {bone}," if bone else owner.name
    if bone and (owner.pose is None or bone not in owner.pose.bones):
        return f"{owner.name} has no bone {bone}"
    holder = owner.pose.bones[bone] if bone else owner
    if name not in holder:
        return f"{of} has no custom property {name}"
    if not isinstance(holder[name], float):
        return f"The custom property {name} of {of} is not a single Float"
    return ""


def names_of(holder: bpy.types.Object | bpy.types.PoseBone) -> Iterator[str]:
    """Yield the names of the custom properties of an object or pose bone that channels can move."""
    for name in list(holder.keys()):
        if not name.startswith(_HIDDEN) and isinstance(holder[name], float):
            yield name


def bone_of(path: str) -> str:
    """Return the pose bone in the RNA path of one of its properties, such as its location."""
    return bpy.utils.unescape_identifier(path.removeprefix('pose.bones["').rpartition('"].')[0])


def names(path: str) -> tuple[str, str]:
    """Return the bone, or "" for the object itself, and the name of a custom property by its RNA path."""
    parts = _PATH.fullmatch(path)
    assert parts is not None
    unescape = bpy.utils.unescape_identifier
    return unescape(parts["bone"] or ""), unescape(parts["name"])


def resolved(owner: bpy.types.Object, path: str) -> tuple[bpy.types.bpy_struct, str]:
    """Return the object or pose bone of a custom property, and the property's name."""
    bone, name = names(path)
    return (owner.pose.bones[bone] if bone else owner), name
