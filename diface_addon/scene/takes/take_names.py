"""Names of new takes. They differ at their beginning, as lists cut long names at the end."""

from __future__ import annotations

import re

import bpy

from ...rig import parts
from ...rig.property_address import id_type, kind_number

_NUMBERED = re.compile(r"(Take|Edit) (\d+): ")


def take_name(sound: str) -> str:
    """Return the name of a generated take, such as "Take 1: speech.wav", with a number that is not in use."""
    return _numbered("Take", sound)


def edit_name(label: str) -> str:
    """Return the name of the take of an edit, such as "Edit 2: in-between 40-60", with a number that is not in use."""
    return _numbered("Edit", label)


def copy_name(name: str) -> str:
    """Return the name of a copy of the take `name`."""
    return f"Copy of {name.removeprefix('Copy of ')}"


def part_suffix(obj: bpy.types.Object, kind: str) -> str:
    """Return what the name of an Action for one data-block of a character ends with, where Actions have no slots."""
    part = parts.part_objects(obj).get(kind_number(kind))
    return "head" if id_type(kind) == "OBJECT" or part is None else part.name


def _numbered(kind: str, label: str) -> str:
    matches = filter(None, (_NUMBERED.match(action.name) for action in bpy.data.actions))
    numbers = [int(match[2]) for match in matches if match[1] == kind]
    return f"{kind} {max(numbers, default=0) + 1}: {label}"
