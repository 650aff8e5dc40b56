"""Shape keys that are animated and that a mesh does not have any more: removed, or renamed in its library."""

from __future__ import annotations

import bpy

from ... import compat
from ...rig import parts
from ..characters import shape_key_names
from ..keys import nla


def find_lost_shapes(obj: bpy.types.Object) -> tuple[str, ...]:
    """Return the names of shape keys that the playing Actions move and that no mesh of the character has. Fast."""
    lost: dict[str, None] = {}
    for block in parts.shape_key_blocks(obj).values():
        animation = block.animation_data
        sources = [animation] if animation and animation.action else []
        for source in [*sources, *nla.unmuted_strips(animation)]:
            bag = compat.active_channelbag(source)
            names = (shape_key_names.name_in_path(curve.data_path) for curve in (bag.fcurves if bag else ()))
            lost |= dict.fromkeys(name for name in names if name is not None and name not in block.key_blocks)
    return tuple(lost)
