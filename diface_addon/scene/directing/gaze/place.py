"""Something that moves: an object, a bone, or what moves an object besides its own transformation."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt

from ....rig.property_address import bone_path

FloatArray = npt.NDArray[np.float64]
MOVING = ("location", "rotation", "scale", "delta_", "constraints", "matrix")
"""What the RNA paths begin with of properties that move an object or a bone."""


@dataclass(frozen=True)
class Place:
    """An object, a bone of an armature, or what moves an object besides its own transformation.

    Attributes:
        obj: The object; None: the world's origin.
        bone: Name of the bone; "": the object itself.
        of_parent: Whether it is the parent's transformation of the object.
    """

    obj: bpy.types.Object | None
    bone: str = ""
    of_parent: bool = False


def moves(path: str, bone: str) -> bool:
    """Return whether a property at an RNA path moves the bone, or for "" the object itself."""
    if bone:
        prefix = bone_path(bone, "")
        return path.startswith(prefix) and path.removeprefix(prefix).startswith(MOVING)
    return path.startswith(MOVING)
