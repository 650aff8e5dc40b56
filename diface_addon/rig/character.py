"""A character: the objects and bones that it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import bpy
import numpy as np
import numpy.typing as npt

from .face_bones.face_bone_names import Part


@dataclass(frozen=True)
class Bones:
    """Names of the bones of a head; "" or empty for those that were not found."""

    head: str = ""
    neck: tuple[str, ...] = ()
    jaw: str = ""
    left_eye: str = ""
    right_eye: str = ""
    tongue: tuple[str, ...] = ()


HeadMotion = Literal["AUTO", "BONE", "OBJECT", "NONE"]


@dataclass(frozen=True)
class Choices:
    """What the user set for a character instead of what would be found.

    Attributes:
        armature: None: found.
        bones: "" or empty: found.
        unused: Identifiers (`session_uid`) of the objects that do not belong to the character.
        added: Objects that belong to it although nothing connects them.
        head_motion: What the head's rotation is written to. AUTO: the head bone, else an object.
    """

    armature: bpy.types.Object | None = None
    bones: Bones = Bones()
    unused: frozenset[int] = frozenset()
    added: tuple[bpy.types.Object, ...] = ()
    head_motion: HeadMotion = "AUTO"


@dataclass(frozen=True)
class Character:
    """What was found from one picked object.

    Attributes:
        main: The mesh with most face shapes.
        faces: `main`, then the other meshes with face shapes: teeth, tongue, eyes, lashes, brows, beard.
        on_head: Objects without face shapes that move with the head: hair, glasses.
        body: The other objects: body, clothes.
        armature: The armature that moves `main`.
        bones: Its bones; the head bone only if it moves the face.
        head_object: Without a head bone, the object to rotate. None: nothing can turn without tearing the character.
        pivot: World coordinates of the point that the head turns about.
        facing: (3, 3) rotation. Columns: the head's left, back and up in world coordinates.
        head_size: Height of the head from chin to crown, in world units; 0.0 if unknown.
        mouth: World coordinates of the point between the corners of the mouth; None if unknown.
        mouth_to_eyes: How far the eyes are above the mouth, in world units; 0.0 if unknown.
        face_bones: Bones that can be shifted to move lips, brows, cheeks and nose -> the part of the face.
        notes: What was not found, and what that means.
        recognized: Shape keys whose names say nothing -> channel -> value, by what they move.
    """

    main: bpy.types.Object
    faces: tuple[bpy.types.Object, ...]
    on_head: tuple[bpy.types.Object, ...] = ()
    body: tuple[bpy.types.Object, ...] = ()
    armature: bpy.types.Object | None = None
    bones: Bones = Bones()
    head_object: bpy.types.Object | None = None
    pivot: tuple[float, float, float] = (0.0, 0.0, 0.0)
    facing: npt.NDArray[np.float64] = field(default_factory=lambda: np.eye(3))
    head_size: float = 0.0
    mouth: npt.NDArray[np.float64] | None = None
    mouth_to_eyes: float = 0.0
    face_bones: Mapping[str, Part] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    recognized: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
