"""What shape keys are called in a file: as on the character, or as the program that reads it expects."""

from __future__ import annotations

from typing import Literal

import bpy

from ....core import channels
from ...characters import shape_key_names

ShapeNames = Literal["CHARACTER", "ARKIT", "LIVE_LINK"]
"""As on the character; `jawOpen`, as ARKit names them; `JawOpen`, as Live Link Face writes them."""


def name_in_file(channel: str, names: ShapeNames) -> str:
    """Return what a face channel is called."""
    return channel[0].upper() + channel[1:] if names == "LIVE_LINK" else channel


def rename_shapes(obj: bpy.types.Object, names: ShapeNames) -> None:
    """Rename the shape keys of a copy that are face channels by themselves. Others keep their names."""
    keys = obj.data.shape_keys if obj.type == "MESH" else None
    if names == "CHARACTER" or keys is None:
        return
    shapes = shape_key_names.face_shape_keys(obj)
    wanted = {keys.key_blocks[shapes[name]]: name_in_file(name, names) for name in channels.FACE if name in shapes}
    for index, block in enumerate(wanted):
        block.name = f"diface {index}"  # out of the way: another shape may have the name that this one gets
    for block, name in wanted.items():
        block.name = name
