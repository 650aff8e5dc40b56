"""A bone that face channels shift: of the tongue, or the target of an eye."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from ...core import types
from ..mapping.face_target import FaceTarget
from ..mapping.linear_inverse import nearest_channels
from ..property_address import PropertyAddress, bone_path

TINY = 1e-6
"""Share of a channel's way below which it does not shift a bone along an axis."""


@dataclass(frozen=True)
class BoneShift:
    """A pose bone whose location is a sum of vectors, one for each channel.

    Attributes:
        kind: Kind of the armature.
        armature: The armature object.
        bone: Name of the pose bone.
        axes: Channel -> location (3,) at weight 1, in the axes and units that the bone's location has.
    """

    kind: str
    armature: bpy.types.Object
    bone: str
    axes: Mapping[str, npt.NDArray[np.float64]]

    @property
    def path(self) -> str:
        """The RNA path of the bone's location."""
        return bone_path(self.bone, "location")

    @property
    def addresses(self) -> tuple[PropertyAddress, ...]:
        """The addresses of the three values of the location."""
        return tuple((self.kind, self.path, index) for index in range(3))

    @property
    def names(self) -> tuple[str, ...]:
        """The name of the bone for each address."""
        return (self.bone,) * 3

    @property
    def turns_head(self) -> bool:
        """Whether it turns with the head: never."""
        return False

    @property
    def channels(self) -> frozenset[str]:
        """The channels that shift the bone."""
        return frozenset(self.axes)

    def solve(self, columns: Mapping[str, npt.NDArray], rate: types.FrameRate) -> types.Float32Array:
        """Return the location (T, 3) for columns (T,) of channels; missing ones count as 0."""
        rows = len(next(iter(columns.values())))
        values = np.zeros((rows, 3))
        for channel, axis in self.axes.items():
            if channel in columns:
                values += np.asarray(columns[channel], np.float64)[:, None] * axis
        return values.astype(np.float32)

    def vectors(self, values: npt.NDArray) -> types.Float64Array:
        """Return the locations (T, 3) as they are."""
        return np.asarray(values, np.float64)

    def components(self) -> list[FaceTarget]:
        """Return the three values of the location as sums of channels, without those that no channel shifts."""
        found = []
        for address in self.addresses:
            sized = [(name, float(axis[address[2]]), TINY * np.linalg.norm(axis)) for name, axis in self.axes.items()]
            gains = tuple((name, gain) for name, gain, least in sized if abs(gain) > least)
            found += [FaceTarget(address, gains, self.bone)] if gains else []
        return found

    def moved_together(self, column: int) -> types.BoolArray:
        """Return which properties (A,) have the same value as one of them: none but itself."""
        return np.arange(3) == column

    def columns(self, values: npt.NDArray) -> dict[str, Any]:
        """Return the columns (T,) of the channels, not negative, for locations (T, 3).

        Channels of the same direction share a location by their gains, as those of two eyes that follow one target.
        """
        matrix = np.stack(list(self.axes.values()), axis=1)
        scale = max(float(np.abs(matrix).max()), 1e-30)  # of any unit, as the location is
        zeros = np.zeros((len(values), len(self.axes)))
        columns = nearest_channels(matrix / scale, np.asarray(values, np.float64) / scale, zeros)
        return dict(zip(self.axes, np.maximum(columns, 0.0).astype(np.float32).T, strict=True))


def to_location(armature: bpy.types.Object, bone: str, vector: npt.NDArray) -> npt.NDArray[np.float64]:
    """Return a world vector (3,) at rest in the axes and units of the location of a bone."""
    axes = armature.matrix_world.to_3x3()
    if armature.data.bones[bone].use_local_location:
        axes = axes @ armature.data.bones[bone].matrix_local.to_3x3()
    return np.asarray(np.linalg.solve(np.array(axes, np.float64), vector), np.float64)
