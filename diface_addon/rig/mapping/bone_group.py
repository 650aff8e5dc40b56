"""A bone that face channels or the head turn: jaw, eyes, neck."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Quaternion

from ...core import channels, types
from .. import rotation_values
from ..head_target import HEAD, rotation_property
from ..property_address import PropertyAddress, bone_path
from .face_target import FaceTarget
from .linear_inverse import nearest_channels

VECTOR = "VECTOR"
"""Kind of the components of rotation vectors."""
TINY = 1e-7
"""Radians below which a channel does not turn a bone about an axis."""


@dataclass(frozen=True)
class BoneGroup:
    """A pose bone whose rotation is the sum of rotation vectors, one for each channel.

    Attributes:
        kind: Kind of the armature.
        armature: The armature object.
        bone: Name of the pose bone.
        axes: Channel -> rotation vector (3,) in radians at weight 1, about the bone's axes.
        offset: The rotation vector while all channels are 0.
    """

    kind: str
    armature: bpy.types.Object
    bone: str
    axes: Mapping[str, npt.NDArray[np.float64]]
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def mode(self) -> str:
        """The rotation mode of the bone."""
        return self.armature.pose.bones[self.bone].rotation_mode

    @property
    def path(self) -> str:
        """The RNA path of the bone's rotation."""
        return bone_path(self.bone, rotation_property(self.mode))

    @property
    def addresses(self) -> tuple[PropertyAddress, ...]:
        """The addresses of the rotation's values, 3 or 4."""
        return tuple((self.kind, self.path, index) for index in range(len(_rest(self.mode))))

    @property
    def names(self) -> tuple[str, ...]:
        """The name of the bone for each address, or "head" for a bone that turns with the head."""
        return (HEAD if self.turns_head else self.bone,) * len(self.addresses)

    @property
    def turns_head(self) -> bool:
        """Whether it is a bone of the neck, which takes a share of the head's rotation."""
        return self.channels <= set(channels.HEAD)

    @property
    def channels(self) -> frozenset[str]:
        """The channels that turn the bone."""
        return frozenset(self.axes)

    def turned_by(self, channel: str, axis: npt.NDArray[np.float64], offset: npt.NDArray[np.float64]) -> BoneGroup:
        """Return the group with one more channel, or another axis of one, and a further offset."""
        axes = {**self.axes, channel: self.axes.get(channel, np.zeros(3)) + axis}
        x, y, z = (np.array(self.offset) + offset).tolist()
        return replace(self, axes=axes, offset=(x, y, z))

    def solve(self, columns: Mapping[str, npt.NDArray], rate: types.FrameRate) -> types.Float32Array:
        """Return the rotation's values (T, 3 or 4) for columns (T,) of channels; missing ones count as 0."""
        rows = len(next(iter(columns.values())))
        vectors = np.tile(self.offset, (rows, 1))
        for channel, axis in self.axes.items():
            if channel in columns:
                vectors += np.asarray(columns[channel], np.float64)[:, None] * axis
        return rotation_values.rotation_rows(self.mode, vectors, Quaternion(), _rest(self.mode)).astype(np.float32)

    def vectors(self, values: npt.NDArray) -> types.Float64Array:
        """Return the rotation vectors (T, 3) of values (T, 3 or 4) of the rotation."""
        return rotation_values.rotation_vectors(values, self.mode, Quaternion())

    def components(self) -> list[FaceTarget]:
        """Return the three components of the rotation vector as sums of channels; their addresses are no properties."""
        found = []
        for number in range(3):
            gains = tuple((name, float(axis[number])) for name, axis in self.axes.items() if abs(axis[number]) > TINY)
            address = f"{VECTOR} {self.kind}", self.path, number
            found += [FaceTarget(address, gains, self.bone, self.offset[number])] if gains else []
        return found

    def moved_together(self, column: int) -> types.BoolArray:
        """Return which properties (A,) have the same value as one of them: none but itself."""
        return np.arange(len(self.addresses)) == column

    def columns(self, values: npt.NDArray) -> dict[str, Any]:
        """Return the columns (T,) of the channels for values (T, 3 or 4) of the rotation.

        Channels are not negative; the head's can be.
        """
        vectors = self.vectors(values) - np.array(self.offset)
        matrix = np.stack(list(self.axes.values()), axis=1)
        columns = nearest_channels(matrix, vectors, np.zeros((len(vectors), len(self.axes))))
        lowest = [-np.inf if channel in channels.HEAD else 0.0 for channel in self.axes]
        return dict(zip(self.axes, np.maximum(columns, lowest).astype(np.float32).T, strict=True))


def _rest(mode: str) -> list[float]:
    """Return the values of no rotation in a rotation mode."""
    return {"QUATERNION": [1.0, 0.0, 0.0, 0.0], "AXIS_ANGLE": [0.0, 0.0, 1.0, 0.0]}.get(mode, [0.0, 0.0, 0.0])
