"""A character: the objects and bones that it is made of."""

from __future__ import annotations

from dataclasses import dataclass, field

import bpy
import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Bones:
    """Names of the bones of a head; "" or empty for those that were not found."""

    head: str = ""
    neck: tuple[str, ...] = ()
    jaw: str = ""
    left_eye: str = ""
    right_eye: str = ""
    tongue: tuple[str, ...] = ()


@dataclass(frozen=True)
class Character:
    """What was found from one picked object."""

    main: bpy.types.Object
    faces: tuple[bpy.types.Object, ...]
    on_head: tuple[bpy.types.Object, ...] = ()
    body: tuple[bpy.types.Object, ...] = ()
    armature: bpy.types.Object | None = None
    bones: Bones = Bones()
    head_object: bpy.types.Object | None = None
    pivot: tuple[float, float, float] = (0.0, 0.0, 0.0)
    facing: npt.NDArray[np.float64] = field(default_factory=lambda: np.eye(3))
    notes: tuple[str, ...] = ()
