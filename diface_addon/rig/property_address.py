"""The address of an animated property, shared by keys, pins and stored baselines."""

from __future__ import annotations

import re

import bpy
import numpy as np

PropertyAddress = tuple[str, str, int]
"""Kind of data-block, RNA path in it, and array index.

The kinds of the main mesh are 'KEY' (its shape keys) and 'OBJECT'. Those of part n of the character have its number:
'KEY:1', 'OBJECT:1'.
"""
PointsByAddress = dict[PropertyAddress, np.ndarray]
"""Property -> its keys or pins, rows of (frame, value), shape (K, 2)."""


def property_name(address: PropertyAddress) -> str:
    """Return what the user reads as the property: the last name in quotes of its path, such as a shape key's."""
    quoted = re.findall(r'\["((?:[^"\\]|\\.)*)"\]', address[1])
    return bpy.utils.unescape_identifier(quoted[-1]) if quoted else address[1]


def shape_key_path(name: str) -> str:
    """Return the RNA path, in shape keys, of the value of one of them."""
    return f'key_blocks["{bpy.utils.escape_identifier(name)}"].value'


def bone_path(bone: str, name: str) -> str:
    """Return the RNA path of a property of the pose bone `bone` of an object; for "", of the object itself."""
    return f'pose.bones["{bpy.utils.escape_identifier(bone)}"].{name}' if bone else name


def rotation_addresses(kind: str, path: str) -> list[PropertyAddress]:
    """Return the addresses of the 3 or 4 values of the rotation at an RNA path."""
    return [(kind, path, index) for index in range(3 if path.endswith("euler") else 4)]


def id_type(kind: str) -> str:
    """Return the type of the data-blocks of a kind: 'KEY' or 'OBJECT'."""
    return kind.partition(":")[0]


def part_kind(type_: str, number: int) -> str:
    """Return the kind of a data-block of type `type_` that belongs to part `number`; 0 is the main mesh."""
    return f"{type_}:{number}" if number else type_


def kind_number(kind: str) -> int:
    """Return the number of the part that a kind of data-block belongs to; 0 for the main mesh."""
    return int(kind.partition(":")[2] or 0)
