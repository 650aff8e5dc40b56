"""What the head's rotation is written to: an object, or a bone of an armature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from ..core import placement
from . import stored_json
from .parts import part_number, part_objects
from .property_address import PropertyAddress, bone_path, part_kind, rotation_addresses

STORED = "diface_head_target"
"""Custom property of the main mesh: the head target as JSON. Without it, the head is the main mesh itself."""
HEAD = "head"
"""The name of every value of the head's rotation, where channels have names."""
_PATHS = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}


@dataclass(frozen=True)
class HeadTarget:
    """An object or a pose bone that turns with the head.

    Attributes:
        kind: Kind of the data-block that has the F-curves.
        owner: The object.
        bone: Name of the pose bone; "" for the object itself.
        axes: (3, 3) orthogonal, may mirror: columns are the head's axes (left, back, up) in the local axes that the
            rotation is about. None if they are the local axes.
        pivot: (3,) the point that stays in place, in local coordinates of an object; None for its origin.
        share: Share of the head's rotation that it takes; bones of the neck take the rest.
    """

    kind: str
    owner: bpy.types.Object
    bone: str = ""
    axes: npt.NDArray[np.float64] | None = None
    pivot: npt.NDArray[np.float64] | None = None
    share: float = 1.0

    @property
    def posed(self) -> bpy.types.Object | bpy.types.PoseBone:
        """The object or pose bone."""
        return self.owner.pose.bones[self.bone] if self.bone else self.owner

    @property
    def rotation_mode(self) -> str:
        """Blender's rotation mode: "XYZ", "QUATERNION" ..."""
        return self.posed.rotation_mode

    @property
    def rotation_path(self) -> str:
        """The RNA path of the rotation."""
        return bone_path(self.bone, rotation_property(self.rotation_mode))

    @property
    def addresses(self) -> list[PropertyAddress]:
        """The addresses of the rotation's values, 3 or 4."""
        return rotation_addresses(self.kind, self.rotation_path)

    @property
    def placed(self) -> placement.Placement | None:
        """Axes and pivot as a placement; None if they are those of the object."""
        if self.axes is None and self.pivot is None:
            return None
        axes = np.eye(3) if self.axes is None else self.axes
        pivot = np.zeros(3) if self.pivot is None or self.bone else self.pivot
        return placement.Placement(1.0, placement.FROM_BLENDER @ axes.T, np.zeros(3), pivot)


def rotation_property(mode: str) -> str:
    """Return the property that holds the rotation of an object or bone in rotation `mode`."""
    return _PATHS.get(mode, "rotation_euler")


def head_target(main: bpy.types.Object) -> HeadTarget:
    """Return what the head's rotation of a character is written to: what is stored, else the main mesh."""
    stored = _read(main)
    owner = part_objects(main).get(stored.get("part", 0), main) if stored else main
    if not stored or (stored.get("part", 0) and owner == main):
        return HeadTarget("OBJECT", main)
    bone = stored.get("bone", "")
    if bone and (owner.type != "ARMATURE" or bone not in owner.pose.bones):
        return HeadTarget("OBJECT", main)
    axes, pivot = stored.get("axes"), stored.get("pivot")
    return HeadTarget(
        part_kind("OBJECT", stored.get("part", 0)),
        owner,
        bone,
        None if axes is None else np.array(axes, np.float64).reshape(3, 3),
        None if pivot is None else np.array(pivot, np.float64),
        stored.get("share", 1.0),
    )


def can_turn(main: bpy.types.Object) -> bool:
    """Return whether the head of a character can be turned without tearing the character apart."""
    stored = _read(main)
    return not stored or not stored.get("none")


def store(
    main: bpy.types.Object,
    owner: bpy.types.Object | None,
    bone: str = "",
    axes: npt.NDArray | None = None,
    pivot: npt.NDArray | None = None,
    share: float = 1.0,
    evidence: str = "",
) -> None:
    """Store the head target with a character.

    Args:
        main: The main mesh.
        owner: The object or armature: the main mesh or one of its parts. None if nothing can turn.
        bone: See `HeadTarget`.
        axes: See `HeadTarget`.
        pivot: See `HeadTarget`.
        share: See `HeadTarget`.
        evidence: What the axes were found from, see `axes_of_same`.
    """
    fields: dict[str, object] = {"none": True}
    if owner is not None:
        fields = {"part": part_number(main, owner), "bone": bone, "share": share}
        fields |= {"evidence": evidence} if evidence else {}
        fields |= {} if axes is None else {"axes": np.asarray(axes, float).ravel().tolist()}
        fields |= {} if pivot is None else {"pivot": np.asarray(pivot, float).tolist()}
    stored_json.write(main, STORED, fields)


def axes_of_same(
    main: bpy.types.Object, owner: bpy.types.Object, bone: str, evidence: str
) -> npt.NDArray[np.float64] | None:
    """Return the stored axes if they are those of this bone and were found from the same evidence; else None."""
    stored, target = _read(main), head_target(main)
    is_same = bool(stored) and stored.get("evidence") == evidence and (target.owner, target.bone) == (owner, bone)
    return target.axes if is_same else None


def forget(main: bpy.types.Object) -> None:
    """Remove the stored head target."""
    stored_json.write(main, STORED, None)


def _read(main: bpy.types.Object) -> dict[str, Any] | None:
    return stored_json.read(main, STORED, _fields)


def _fields(stored: Any) -> dict[str, Any] | None:
    return stored if isinstance(stored, dict) else None
